"""Mapping frames to a palette: dithering, and pixels held from the frame before.

A pixel stays transparent ("held") when showing it again is nearly as good as its new colour:
|shown - source|² <= |new - source|² + allowance. That is rate and distortion weighed against each
other, since a held pixel costs next to nothing. The allowance grows with how busy the picture is
around the pixel; on flat ground it is nothing. What a held pixel is wrong by is passed on to its
neighbours like any other error, so that slow changes still arrive.

On flat ground a source colour that the palette has is shown as it is: it takes no error from its
neighbours and has none to pass on, which keeps screens free of noise.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gifapp.conversion.kernels import inlined, kernel
from gifapp.conversion.palette import OPAQUE_ALPHA, Palette, nearest
from gifapp.domain.recipe import Dither

# measured on films: less hold costs bytes, more leaves ghosts
_HOLD_SHARE = 64  # of 256: the allowance in squared RGB for each squared step to the neighbours
_HOLD_MOST = 40
# of 256: how much of an error is passed on. All of it is noise at a GIF's size; none is bands
_STRENGTH = 96
_HELD_STRENGTH = 84

_UNKNOWN, _CROWDED = -1, -2
_CACHE = 1 << 14

# R. Floyd and L. Steinberg, "An adaptive algorithm for spatial grey scale", Proc. SID 17(2), 1976;
# F. Sierra's two-row "Filter Lite" 2-4A, 1990. Sixteenths: ahead, below behind, below, below ahead
_WEIGHTS: dict[Dither, tuple[int, int, int, int]] = {
    "none": (0, 0, 0, 0),
    "bayer": (0, 0, 0, 0),
    "auto": (7, 3, 5, 1),
    "floyd_steinberg": (7, 3, 5, 1),
    "sierra2_4a": (8, 4, 4, 0),
}


class Rectangle(NamedTuple):
    """The part of the canvas from (left, top) up to, not including, (right, bottom)."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def is_empty(self) -> bool:
        return self.right <= self.left or self.bottom <= self.top

    def union(self, other: Rectangle) -> Rectangle:
        if self.is_empty or other.is_empty:
            return other if self.is_empty else self
        return Rectangle(*map(min, self[:2], other[:2]), *map(max, self[2:], other[2:]))


class Lookup:
    """The nearest palette colour of any colour, remembered once it was asked for.

    One cell per 4x4x4 colours holds the answer for the cell's middle; a cell with several palette
    colours in it is answered for each exact colour instead, so no palette colour is ever missed.
    """

    def __init__(self, palette: Palette) -> None:
        self.colours = np.ascontiguousarray(palette.colours.T, np.int32)
        self.cells = np.full(1 << 18, _UNKNOWN, np.int16)
        self.cached = np.full(_CACHE, -1, np.int32)  # exact colour << 8 | index
        _mark(self.colours, self.cells)


class Canvas:
    """What a viewer sees, and the mapping of each next frame onto it."""

    def __init__(self, width_px: int, height_px: int, dither: Dither) -> None:
        self.shown = np.zeros((height_px, width_px, 3), np.uint8)
        self.is_shown = np.zeros((height_px, width_px), np.uint8)
        self._errors = np.zeros((2, width_px + 2, 3), np.int32)
        self._weights = np.outer([_STRENGTH, _HELD_STRENGTH], _WEIGHTS[dither]).astype(np.int32)
        self._pattern = _bayer() if dither == "bayer" else np.zeros((8, 8), np.int32)

    def draw(
        self, pixels: NDArray[np.uint8], palette: Palette, lookup: Lookup
    ) -> tuple[NDArray[np.uint8], Rectangle]:
        """Show `pixels`: their indices, and the rectangle outside which nothing changed."""
        indices = np.empty(pixels.shape[:2], np.uint8)
        changed = np.zeros(4, np.int64)
        transparent = -1 if palette.transparent is None else palette.transparent
        _map(
            pixels, self.shown, self.is_shown, lookup.colours, lookup.cells, lookup.cached, transparent,
            self._weights, self._pattern, self._errors, indices, changed,
        )  # fmt: skip
        return indices, Rectangle(*changed.tolist())

    def vanishing(self, pixels: NDArray[np.uint8]) -> Rectangle:
        """Where something is shown that `pixels` has transparent."""
        if pixels.shape[2] == 3:
            return Rectangle(0, 0, 0, 0)
        return _bounds((self.is_shown != 0) & (pixels[:, :, 3] < OPAQUE_ALPHA))

    def clear(self, where: Rectangle) -> None:
        self.is_shown[where.top : where.bottom, where.left : where.right] = 0


def _bounds(mask: NDArray[np.bool_]) -> Rectangle:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return Rectangle(0, 0, 0, 0)
    return Rectangle(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def _bayer() -> NDArray[np.int32]:
    """Bayer's 8x8 thresholds (ICC 1973) as steps of brightness from -4 to 3."""
    matrix = np.zeros((1, 1), np.int32)
    for _ in range(3):
        matrix = np.block([[4 * matrix, 4 * matrix + 2], [4 * matrix + 3, 4 * matrix + 1]])
    return (matrix - 32) // 8


@inlined
def _cell(red, green, blue):
    return (red >> 2) << 12 | (green >> 2) << 6 | blue >> 2


@kernel("void(i4[:,::1], i2[::1])")
def _mark(colours, cells):
    for index in range(colours.shape[1]):
        cell = _cell(colours[0, index], colours[1, index], colours[2, index])
        cells[cell] = index if cells[cell] == _UNKNOWN else _CROWDED


@inlined
def _find(colours, cells, cached, colour):
    red, green, blue = colour
    cell = _cell(red, green, blue)
    index = np.int32(cells[cell])
    if index >= 0:
        return index
    if index == _UNKNOWN:
        index = nearest(colours, red & ~3 | 2, green & ~3 | 2, blue & ~3 | 2)
        cells[cell] = index
        return index
    key = red << 16 | green << 8 | blue
    slot = ((key * 0x9E3779B1) & 0xFFFFFFFF) >> 18
    if cached[slot] >> 8 != key:
        cached[slot] = key << 8 | nearest(colours, red, green, blue)
    return cached[slot] & 255


@inlined
def _exact(colours, cells, cached, colour):
    """The index of exactly this colour, or -1."""
    index = _find(colours, cells, cached, colour)
    return index if _apart(colour, colours[0, index], colours[1, index], colours[2, index]) == 0 else -1


@inlined
def _clamp(value):
    return np.int32(min(max(value, 0), 255))


@inlined
def _apart(colour, red, green, blue):
    dr, dg, db = colour[0] - red, colour[1] - green, colour[2] - blue
    return dr * dr + dg * dg + db * db


@inlined
def _at(pixels, y, x):
    return np.int32(pixels[y, x, 0]), np.int32(pixels[y, x, 1]), np.int32(pixels[y, x, 2])


@inlined
def _show(shown, is_shown, y, x, colour, changed):  # noqa: PLR0917
    """Put a pixel on the canvas; `changed` grows to hold it if it looks different now."""
    if is_shown[y, x] == 0 or _apart(colour, *_at(shown, y, x)) > 0:
        if changed[2] == 0:
            changed[0], changed[1] = x, y
        changed[0], changed[2] = min(changed[0], x), max(changed[2], x + 1)
        changed[3] = y + 1
    is_shown[y, x] = 1
    shown[y, x, 0], shown[y, x, 1], shown[y, x, 2] = colour


@inlined
def _allowance(pixels, y, x, source):
    """How much worse a held pixel may be: nothing on flat ground, where the eye sees every ghost."""
    beside, above = _at(pixels, y, max(x - 1, 0)), _at(pixels, max(y - 1, 0), x)
    busy = _apart(source, *beside) + _apart(source, *above)
    return min(busy * _HOLD_SHARE >> 8, _HOLD_MOST)


@inlined
def _wanted(source, owed, x, offset):
    """The source's colour with what its neighbours owe it, in 4096ths."""
    return (
        _clamp(source[0] + (owed[x, 0] + 2048 >> 12) + offset),
        _clamp(source[1] + (owed[x, 1] + 2048 >> 12) + offset),
        _clamp(source[2] + (owed[x, 2] + 2048 >> 12) + offset),
    )


@inlined
def _diffuse(error, channel, weights, held, here, below, x, step):  # noqa: PLR0917
    here[x + step, channel] += error * weights[held, 0]
    below[x - step, channel] += error * weights[held, 1]
    below[x, channel] += error * weights[held, 2]
    below[x + step, channel] += error * weights[held, 3]


@kernel(
    "void(u1[:,:,::1], u1[:,:,::1], u1[:,::1], i4[:,::1], i2[::1], i4[::1], i8, i4[:,::1], i4[:,::1],"
    " i4[:,:,::1], u1[:,::1], i8[::1])"
)
def _map(  # noqa: C901, PLR0917
    pixels, shown, is_shown, colours, cells, cached, transparent, weights, pattern, errors, indices, changed
):
    # in one piece: another call between this loop and the lookup costs a third of the time (measured)
    height, width, channels = pixels.shape
    errors[:] = 0
    is_patterned = pattern.any()
    for y in range(height):
        here, below = errors[y & 1], errors[1 - (y & 1)]
        below[:] = 0
        step = 1 - 2 * (y & 1)  # every other row from the right: no worms in one direction
        x = -1 if step > 0 else width
        for _ in range(width):
            x += step
            indices[y, x] = transparent
            if channels == 4 and pixels[y, x, 3] < OPAQUE_ALPHA:
                continue
            source, seen = _at(pixels, y, x), _at(shown, y, x)
            may_hold = transparent >= 0 and is_shown[y, x] != 0
            apart = _apart(source, *seen)
            if may_hold and apart == 0:
                continue
            wanted = _wanted(source, here, x + 1, pattern[y & 7, x & 7])
            allowance = _allowance(pixels, y, x, source)
            if not (may_hold and apart <= allowance):
                index = -1
                if allowance == 0 or is_patterned:
                    index = _exact(colours, cells, cached, source)
                if index < 0:
                    index = _find(colours, cells, cached, wanted)
                new = (colours[0, index], colours[1, index], colours[2, index])
                if not (may_hold and apart <= allowance + _apart(source, *new)):
                    indices[y, x] = index
                    _show(shown, is_shown, y, x, new, changed)
                    seen = new
            if _apart(source, *seen) > 0:
                held = int(indices[y, x] == transparent)
                for channel in range(3):
                    error = wanted[channel] - seen[channel]
                    _diffuse(error, channel, weights, held, here, below, x + 1, step)
