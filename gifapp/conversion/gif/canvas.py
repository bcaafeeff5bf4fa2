"""Maps frames to palette indices: decides which pixels stay unchanged and which colour the others get.

Four rules save bytes, each within the tolerance that `tolerance.py` sets:

- **Hold.** A pixel stays as it is on screen, written as a transparent index, while that is nearly as good
  as the palette's best colour.
- **Longer phrases.** LZW sends one code for each phrase it has met before. Where the best colour would end
  the phrase, the nearest colour that continues it may stand in. So the LZW dictionary is built while drawing,
  and the codes are a result of it. With more effort, the colours of a whole phrase are chosen together: of
  those that some paths through the dictionary give, the ones that cost the least for each pixel, in codes
  and in errors.
- **Looking ahead.** What is drawn is not the pixel itself but the mean of those to come that are nearly the
  same (`steady`): it can be held for longer.
- **Weak diffusion.** Less than half of each error is diffused to the neighbours, even from a held pixel: a
  slow drift of brightness then appears a few pixels at a time instead of in bands.

On flat areas, a source colour that is in the palette is shown exactly: it takes no error from its neighbours
and passes none on, which keeps screens free of noise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gifapp.conversion.gif import lzw
from gifapp.conversion.gif.dither_patterns import mask
from gifapp.conversion.gif.lookup import Lookup
from gifapp.conversion.gif.lzw import Codes
from gifapp.conversion.gif.native import library
from gifapp.conversion.gif.quantizer import OPAQUE_ALPHA, Palette
from gifapp.conversion.gif.tolerance import Tolerance
from gifapp.domain.recipes.recipe import Dither

# R. Floyd and L. Steinberg, "An adaptive algorithm for spatial grey scale", Proc. SID 17(2), 1976;
# F. Sierra's two-row "Filter Lite" 2-4A, 1990. Sixteenths: ahead, below behind, below, below ahead
_FLOYD_STEINBERG = (7, 3, 5, 1)
_WEIGHTS: dict[Dither, tuple[int, int, int, int]] = {
    "auto": _FLOYD_STEINBERG,
    "floyd_steinberg": _FLOYD_STEINBERG,
    "sierra2_4a": (8, 4, 4, 0),
}
_NO_WEIGHTS = (0, 0, 0, 0)


class Rectangle(NamedTuple):
    """The part of the canvas from (left, top) to (right, bottom), exclusive."""

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


_NOWHERE = Rectangle(0, 0, 0, 0)


class Drawn(NamedTuple):
    """The changed rectangle, its indices, and the LZW codes of these."""

    where: Rectangle
    indices: NDArray[np.uint8]
    codes: Codes


class Canvas:
    """What the viewer sees, and the mapping of each new frame onto it."""

    def __init__(self, width_px: int, height_px: int, dither: Dither) -> None:
        self._has_drawn = False
        self.screen = np.zeros((height_px, width_px, 4), np.uint8)  # clear where nothing is shown
        self._errors = np.empty((width_px + 2, 4), np.int32)
        self._weights = np.array(_WEIGHTS.get(dither, _NO_WEIGHTS), np.int32)
        self._mask = mask(dither)

    @property
    def shown(self) -> NDArray[np.uint8]:
        """The visible colours."""
        return self.screen[..., :3]

    def draw(
        self,
        pixels: NDArray[np.uint8],
        palette: Palette,
        lookup: Lookup,
        tolerance: Tolerance,
        targets: Callable[[], NDArray[np.uint8]] | None = None,
    ) -> Drawn:
        """Draw `pixels`; the first frame covers the whole canvas, a later one what changes, maybe nothing.

        `targets` returns the colours to draw instead, see `steady`; it is called if anything changes.
        """
        rules = rules_of(palette, tolerance)
        where = self._where(pixels, rules)
        if where.is_empty:
            return Drawn(where, np.empty((0, 0), np.uint8), np.empty(0, np.uint16))
        before = self.screen.copy() if palette.transparent is None else None
        wanted = targets() if targets and tolerance.averages else pixels
        indices, codes = self._remap(pixels, wanted, where, lookup, rules, strength=tolerance.strength)
        is_drawn = (
            not np.array_equal(before, self.screen) if before is not None else _is_drawn(codes, palette)
        )
        if self._has_drawn and not is_drawn:
            where = _NOWHERE
        self._has_drawn = True
        return Drawn(where, indices, codes)

    def _remap(
        self,
        pixels: NDArray[np.uint8],
        targets: NDArray[np.uint8],
        where: Rectangle,
        lookup: Lookup,
        rules: NDArray[np.int32],
        *,
        strength: int,
    ) -> tuple[NDArray[np.uint8], Codes]:
        indices = np.empty((where.bottom - where.top, where.right - where.left), np.uint8)
        codes = lzw.room_for(indices.size)
        count = library.remap(
            pixels, targets, np.array(pixels.shape, np.int64), self.screen, np.array(where, np.int64),
            lookup.table, len(lookup.table), lookup.cells, lookup.cached_keys, lookup.cached,
            rules, self._weights * np.int32(strength), self._mask, len(self._mask),
            self._errors, indices, codes,
        )  # fmt: skip
        return indices, codes[:count]

    def _where(self, pixels: NDArray[np.uint8], rules: NDArray[np.int32]) -> Rectangle:
        """The rectangle outside which every pixel is held; for the first frame, the whole canvas."""
        height, width = pixels.shape[:2]
        if not self._has_drawn:
            return Rectangle(0, 0, width, height)
        where = np.zeros(4, np.int64)
        shape = np.array(pixels.shape, np.int64)
        library.find_changed(pixels, shape, self.screen, rules, where)
        return Rectangle(*where.tolist())

    def vanishing(self, pixels: NDArray[np.uint8]) -> Rectangle:
        """The rectangle of visible pixels that are transparent in `pixels`."""
        if pixels.shape[2] == 3:
            return _NOWHERE
        return bounds((self.screen[..., 3] != 0) & (pixels[..., 3] < OPAQUE_ALPHA))

    def clear(self, where: Rectangle) -> None:
        self.screen[where.top : where.bottom, where.left : where.right, 3] = 0


def bounds(is_set: NDArray[np.bool_]) -> Rectangle:
    rows, columns = np.flatnonzero(is_set.any(axis=1)), np.flatnonzero(is_set.any(axis=0))
    if not len(rows):
        return _NOWHERE
    return Rectangle(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def _is_drawn(codes: Codes, palette: Palette) -> bool:
    """Whether any pixel is not transparent."""
    return bool(lzw.used(codes)[: len(palette.colours)].any())


def rules_of(palette: Palette, tolerance: Tolerance) -> NDArray[np.int32]:
    """The kernels' parameters: limits, the transparent index (-1: none), weights, exactness, look-ahead."""
    transparent = -1 if palette.transparent is None else palette.transparent
    limits = tolerance.floor, tolerance.share, tolerance.max_excess
    ahead = tolerance.code_cost, tolerance.smooth
    return np.array([*limits, transparent, *tolerance.channels, tolerance.finds_nearest, *ahead], np.int32)
