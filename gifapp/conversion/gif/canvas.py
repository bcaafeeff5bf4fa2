"""Maps frames to palette indices: decides which pixels stay unchanged and which colour the others get.

Three rules save bytes, each within the tolerance that `tolerance.py` sets:

- **Hold.** A pixel stays as it is on screen, written as a transparent index, while that is nearly as good
  as the palette's best colour.
- **Longer phrases.** LZW sends one code for each phrase it has met before. Where the best colour would end
  the phrase, the nearest colour that continues it may stand in. (The LZW dictionary is built while drawing;
  the compressor then finds the same phrases.)
- **Weak diffusion.** Less than half of each error is diffused to the neighbours, even from a held pixel: a
  slow drift of brightness then appears a few pixels at a time instead of in bands.

On flat areas, a source colour that is in the palette is shown exactly: it takes no error from its neighbours
and passes none on, which keeps screens free of noise.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gifapp.conversion.gif.dither_patterns import mask
from gifapp.conversion.gif.kernels import inlined, kernel
from gifapp.conversion.gif.lookup import Lookup, find
from gifapp.conversion.gif.lzw import MOST_CODES, SLOTS, code_at, slot_of
from gifapp.conversion.gif.quantizer import BLUE, GREEN, OPAQUE_ALPHA, RED, Palette
from gifapp.conversion.gif.tolerance import Tolerance
from gifapp.domain.recipes.recipe import Dither

_FAR = 1 << 30
_FIRST_CODE = 258
_MOST_SIBLINGS = 12  # phrases searched for a stand-in; all would save 0.7 % more (measured)

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


class _Phrases:
    """LZW's dictionary while a frame is drawn: a hash table of phrases and a tree of their continuations."""

    def __init__(self) -> None:
        self.table = np.empty(SLOTS, np.uint32)
        self.tree = np.empty((MOST_CODES, 4), np.int16)  # per phrase: child, sibling, last index


class Canvas:
    """What the viewer sees, and the mapping of each new frame onto it."""

    def __init__(self, width_px: int, height_px: int, dither: Dither) -> None:
        self._screen = (0, 0, width_px, height_px)
        self._has_drawn = False
        self.shown = np.zeros((height_px, width_px, 3), np.uint8)
        self.is_shown = np.zeros((height_px, width_px), np.uint8)
        self._errors = np.zeros((2, width_px + 2, 3), np.int32)
        self._weights = np.array(_WEIGHTS.get(dither, _NO_WEIGHTS), np.int32)
        self._mask = mask(dither)
        self._phrases = _Phrases()

    def draw(
        self, pixels: NDArray[np.uint8], palette: Palette, lookup: Lookup, tolerance: Tolerance
    ) -> tuple[NDArray[np.uint8], Rectangle]:
        """Draw `pixels`; returns the indices of the changed rectangle, and the rectangle.

        The first frame covers the whole canvas; the rectangle is empty if nothing changed.
        """
        before = None if palette.transparent is not None else self.shown.copy()
        rules = _rules(palette, tolerance)
        where = self._where(pixels, rules)
        left, top, right, bottom = where
        indices = np.empty((bottom - top, right - left), np.uint8)
        if indices.size:
            phrases = self._phrases
            _map(
                pixels, self.shown, self.is_shown, where, lookup.colours, lookup.cells, lookup.cached, rules,
                self._weights * np.int32(tolerance.strength), self._mask, self._errors,
                phrases.table, phrases.tree, indices,
            )  # fmt: skip
        is_held = indices == palette.transparent if before is None else before == self.shown
        is_same = self._has_drawn and bool(np.all(is_held))
        self._has_drawn = True
        return indices, Rectangle(0, 0, 0, 0) if is_same else Rectangle(*where.tolist())

    def _where(self, pixels: NDArray[np.uint8], rules: NDArray[np.int32]) -> NDArray[np.int64]:
        """The rectangle outside which every pixel is held; for the first frame, the whole canvas."""
        if not self._has_drawn:
            return np.array(self._screen, np.int64)
        where = np.zeros(4, np.int64)
        _changed(pixels, self.shown, self.is_shown, rules, where)
        return where

    def vanishing(self, pixels: NDArray[np.uint8]) -> Rectangle:
        """The rectangle of visible pixels that are transparent in `pixels`."""
        if pixels.shape[2] == 3:
            return Rectangle(0, 0, 0, 0)
        return bounds((self.is_shown != 0) & (pixels[:, :, 3] < OPAQUE_ALPHA))

    def clear(self, where: Rectangle) -> None:
        self.is_shown[where.top : where.bottom, where.left : where.right] = 0


def bounds(is_set: NDArray[np.bool_]) -> Rectangle:
    rows, columns = np.flatnonzero(is_set.any(axis=1)), np.flatnonzero(is_set.any(axis=0))
    if not len(rows):
        return Rectangle(0, 0, 0, 0)
    return Rectangle(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


_FLOOR, _SHARE, _MOST, _TRANSPARENT = range(4)


def _rules(palette: Palette, tolerance: Tolerance) -> NDArray[np.int32]:
    """The kernels' parameters; -1 means no transparency."""
    transparent = -1 if palette.transparent is None else palette.transparent
    return np.array([tolerance.floor, tolerance.share, tolerance.most, transparent], np.int32)


@inlined
def _clamp(value):
    return np.int32(min(max(value, 0), 255))


@inlined
def _apart(colour, other):
    dr, dg, db = colour[0] - other[0], colour[1] - other[1], colour[2] - other[2]
    return RED * dr * dr + GREEN * dg * dg + BLUE * db * db


@inlined
def _at(pixels, y, x):
    return np.int32(pixels[y, x, 0]), np.int32(pixels[y, x, 1]), np.int32(pixels[y, x, 2])


@inlined
def _colour(colours, index):
    return colours[0, index], colours[1, index], colours[2, index]


@inlined
def _busy(pixels, y, x, source):
    """The distance of a pixel from its left and upper neighbours."""
    beside, above = _at(pixels, y, max(x - 1, 0)), _at(pixels, max(y - 1, 0), x)
    return _apart(source, beside) + _apart(source, above)


@inlined
def _allowance(busy, rules):
    return min((busy * rules[_SHARE] >> 8) + rules[_FLOOR], rules[_MOST])


@inlined
def _is_changed(pixels, shown, is_shown, rules, y, x):  # noqa: PLR0917
    """Whether a pixel is outside the tolerance, so that it is not simply held."""
    if pixels.shape[2] == 4 and pixels[y, x, 3] < OPAQUE_ALPHA:
        return False
    if is_shown[y, x] == 0:
        return True
    source = _at(pixels, y, x)
    apart = _apart(source, _at(shown, y, x))
    return apart > rules[_FLOOR] and apart > _allowance(_busy(pixels, y, x, source), rules)


@inlined
def _first_changed(pixels, shown, is_shown, rules, y, x, step, end):  # noqa: PLR0917
    """The first changed pixel of a row between `x` and `end`, or `end`."""
    while x != end and not _is_changed(pixels, shown, is_shown, rules, y, x):
        x += step
    return x


@kernel("void(u1[:,:,::1], u1[:,:,::1], u1[:,::1], i4[::1], i8[::1])")
def _changed(pixels, shown, is_shown, rules, where):
    """Find the rectangle around the changed pixels: left, top, right, bottom."""
    height, width = pixels.shape[0], pixels.shape[1]
    top, bottom = 0, height
    while top < height and _first_changed(pixels, shown, is_shown, rules, top, 0, 1, width) == width:
        top += 1
    if top == height:
        return
    while _first_changed(pixels, shown, is_shown, rules, bottom - 1, 0, 1, width) == width:
        bottom -= 1
    left, right = width, 0
    for y in range(top, bottom):
        left = _first_changed(pixels, shown, is_shown, rules, y, 0, 1, left)
        right = _first_changed(pixels, shown, is_shown, rules, y, width - 1, -1, right - 1) + 1
    where[0], where[1], where[2], where[3] = left, top, right, bottom


@inlined
def _wanted(source, owed, x, offset):
    """The source colour plus the diffused error in `owed`, which is in 4096ths."""
    return (
        _clamp(source[0] + (owed[x, 0] + 2048 >> 12) + offset),
        _clamp(source[1] + (owed[x, 1] + 2048 >> 12) + offset),
        _clamp(source[2] + (owed[x, 2] + 2048 >> 12) + offset),
    )


@inlined
def _diffuse(wanted, new, weights, here, below, x):  # noqa: PLR0917
    for channel in range(3):
        error = wanted[channel] - new[channel]
        here[x + 1, channel] += error * weights[0]
        below[x - 1, channel] += error * weights[1]
        below[x, channel] += error * weights[2]
        below[x + 1, channel] += error * weights[3]


@inlined
def _best(colours, cells, cached, source, wanted, prefers_exact):  # noqa: PLR0917
    """The index nearest to `wanted`, or of the exact source colour if that is preferred and exists."""
    if prefers_exact:
        index = find(colours, cells, cached, source)
        if _apart(source, _colour(colours, index)) == 0:
            return index
    return find(colours, cells, cached, wanted)


@inlined
def _stand_in(best, wanted, seen, allowance, colours, transparent, prefix, tree):  # noqa: PLR0917
    """The index nearest to `wanted` that continues the phrase, if it is close enough; else `best`.

    Transparency stands in for the colour `seen` on screen; a negative `seen` forbids it.
    """
    limit = _apart(wanted, _colour(colours, best)) + allowance + 1
    longer, left = np.int64(tree[prefix, 0]), _MOST_SIBLINGS
    while longer >= 0 and left > 0:
        index = np.int64(tree[longer, 2])
        apart = limit
        if index != transparent:
            apart = _apart(wanted, _colour(colours, index))
        elif seen[0] >= 0:
            apart = _apart(wanted, seen)
        if apart < limit:
            limit, best = apart, index
        longer = np.int64(tree[longer, 1])
        left -= 1
    return best


@inlined
def _forget(table, tree):
    table[:] = 0
    tree[:, 0] = -1


@inlined
def _follow(table, tree, prefix, next_code, index):
    """Add an index to the phrase as the compressor will; returns the new phrase and the next code."""
    key = prefix << 8 | index
    slot = slot_of(table, key)
    if prefix >= 0 and table[slot] != 0:
        return np.int64(code_at(table, slot)), next_code
    if prefix >= 0 and next_code < MOST_CODES:
        table[slot] = key << 12 | next_code
        tree[next_code, 2], tree[next_code, 1], tree[prefix, 0] = index, tree[prefix, 0], next_code
        next_code += 1
    elif prefix >= 0:
        _forget(table, tree)
        next_code = np.int64(_FIRST_CODE)
    return np.int64(index), next_code


@kernel(
    "void(u1[:,:,::1], u1[:,:,::1], u1[:,::1], i8[::1], i4[:,::1], i2[::1], i4[::1], i4[::1], i4[::1],"
    " i4[:,::1], i4[:,:,::1], u4[::1], i2[:,::1], u1[:,::1])"
)
def _map(  # noqa: PLR0917
    pixels, shown, is_shown, where, colours, cells, cached, rules, weights, mask, errors, table, tree, indices
):
    transparent = np.int64(rules[_TRANSPARENT])
    has_alpha, is_patterned = pixels.shape[2] == 4, mask.shape[0] > 1
    tile = mask.shape[0] - 1
    errors[:] = 0
    _forget(table, tree)
    prefix, next_code = np.int64(-1), np.int64(_FIRST_CODE)
    for y in range(where[1], where[3]):
        here, below = errors[y & 1], errors[1 - (y & 1)]
        below[:] = 0
        for x in range(where[0], where[2]):
            index = transparent
            source, seen = _at(pixels, y, x), _at(shown, y, x)
            may_hold = transparent >= 0 and is_shown[y, x] != 0
            apart = _apart(source, seen) if may_hold else _FAR
            if apart > 0 and not (has_alpha and pixels[y, x, 3] < OPAQUE_ALPHA):
                busy = _busy(pixels, y, x, source)
                allowance = _allowance(busy, rules)
                wanted = _wanted(source, here, x + 1, mask[y & tile, x & tile])
                if apart > allowance:
                    best = np.int64(_best(colours, cells, cached, source, wanted, busy == 0 or is_patterned))
                    if apart > allowance + _apart(source, _colour(colours, best)):
                        index = best
                if (
                    allowance > 0
                    and index != transparent
                    and prefix >= 0
                    and table[slot_of(table, prefix << 8 | index)] == 0
                ):
                    held = seen if may_hold else (np.int32(-1), np.int32(0), np.int32(0))
                    index = _stand_in(index, wanted, held, allowance, colours, transparent, prefix, tree)
                if index != transparent:
                    seen = _colour(colours, index)
                    shown[y, x, 0], shown[y, x, 1], shown[y, x, 2] = seen
                    is_shown[y, x] = 1
                if _apart(source, seen) > 0:
                    _diffuse(wanted, seen, weights, here, below, x + 1)
            indices[y - where[1], x - where[0]] = index
            prefix, next_code = _follow(table, tree, prefix, next_code, index)
