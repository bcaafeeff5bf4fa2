"""Finds the colours needed to show a picture exactly, if one palette can hold them.

Each frame of a source GIF has few colours, but they differ between frames, and older frames show through with
others still. So only pixels that differ from the canvas need a colour.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gifapp.conversion.frame import Pixels
from gifapp.conversion.gif.canvas import Canvas, Rectangle, bounds
from gifapp.conversion.gif.kernels import inlined, kernel
from gifapp.conversion.gif.quantizer import OPAQUE_ALPHA, Colours, Palette

_MOST = 256
_SLOTS = 1 << 10


def exact_palette(pixels: Pixels, canvas: Canvas, most: int, *, shows_source: bool) -> Palette | None:
    """A palette of at most `most` entries with which `pixels` come out exactly, or None.

    Unchanged pixels count too, unless the whole canvas shows the source exactly (`shows_source`): correcting
    a film that is nearly right is not worth the bytes. A full table has no transparent entry; then the whole
    changed rectangle is written. Pictures with alpha always need that entry: decoders clear with it.
    """
    height, width = pixels.shape[:2]
    needed = _colours(pixels, canvas, Rectangle(0, 0, width, height), only_missing=shows_source)
    if needed is not None and len(needed) < most:
        return Palette(needed if len(needed) else np.zeros((1, 3), np.uint8), max(1, len(needed)))
    if needed is None or len(needed) > most or pixels.shape[2] == 4:
        return None
    is_wrong = (canvas.shown != pixels).any(axis=2) | (canvas.is_shown == 0)
    written = _colours(pixels, canvas, bounds(is_wrong), only_missing=False)
    return Palette(written, None) if written is not None and len(written) <= most else None


def _colours(pixels: Pixels, canvas: Canvas, where: Rectangle, *, only_missing: bool) -> Colours | None:
    """The visible colours in a part of `pixels`, or only of pixels not shown yet; None if over 256."""
    keys, slots = np.empty(_MOST, np.int32), np.full(_SLOTS, -1, np.int32)
    part = np.array(where, np.int64)
    count = _collect(pixels, canvas.shown, canvas.is_shown, part, only_missing, keys, slots)
    return None if count > _MOST else _unpacked(np.sort(keys[:count]))


def _unpacked(keys: NDArray[np.int32]) -> Colours:
    return np.stack([keys >> 16, keys >> 8 & 255, keys & 255], axis=1).astype(np.uint8)


@inlined
def _slot(slots, key):
    slot = ((key * 0x9E3779B1) & 0xFFFFFFFF) >> 22
    while slots[slot] != key and slots[slot] != -1:
        slot = (slot + 1) & (_SLOTS - 1)
    return slot


@inlined
def _is_right(pixels, shown, is_shown, y, x):
    return (
        is_shown[y, x] != 0
        and pixels[y, x, 0] == shown[y, x, 0]
        and pixels[y, x, 1] == shown[y, x, 1]
        and pixels[y, x, 2] == shown[y, x, 2]
    )


@kernel("i8(u1[:,:,::1], u1[:,:,::1], u1[:,::1], i8[::1], b1, i4[::1], i4[::1])")
def _collect(pixels, shown, is_shown, where, only_missing, keys, slots):  # noqa: PLR0917
    """Fill `keys` with the colours and return their number; one more than fit if there are too many."""
    has_alpha, count, last = pixels.shape[2] == 4, 0, np.int64(-1)
    for y in range(where[1], where[3]):
        for x in range(where[0], where[2]):
            if has_alpha and pixels[y, x, 3] < OPAQUE_ALPHA:
                continue
            key = np.int64(pixels[y, x, 0]) << 16 | np.int64(pixels[y, x, 1]) << 8 | np.int64(pixels[y, x, 2])
            if key == last or (only_missing and _is_right(pixels, shown, is_shown, y, x)):
                continue
            last = key
            slot = _slot(slots, key)
            if slots[slot] == key:
                continue
            if count == keys.shape[0]:
                return count + 1
            slots[slot] = keys[count] = key
            count += 1
    return count
