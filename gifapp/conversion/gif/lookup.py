"""Finds the nearest palette colour with a lookup table."""

from __future__ import annotations

import numpy as np

from gifapp.conversion.gif.kernels import inlined, kernel
from gifapp.conversion.gif.quantizer import Palette, nearest

_UNKNOWN, _CROWDED = -1, -2
_CACHE = 1 << 14


class Lookup:
    """Caches the nearest palette colour of each colour.

    One cell per 4x4x4 colours holds the answer for the cell's centre. A cell that contains several palette
    colours is answered for each exact colour instead, so that no palette colour is ever missed.
    """

    def __init__(self, palette: Palette) -> None:
        self.colours = np.ascontiguousarray(palette.colours.T, np.int32)
        self.cells = np.full(1 << 18, _UNKNOWN, np.int16)
        self.cached = np.full(_CACHE, -1, np.int32)  # exact colour << 8 | index
        _mark(self.colours, self.cells)


@inlined
def _cell(red, green, blue):
    return (red >> 2) << 12 | (green >> 2) << 6 | blue >> 2


@kernel("void(i4[:,::1], i2[::1])")
def _mark(colours, cells):
    for index in range(colours.shape[1]):
        cell = _cell(colours[0, index], colours[1, index], colours[2, index])
        cells[cell] = index if cells[cell] == _UNKNOWN else _CROWDED


@inlined
def find(colours, cells, cached, colour):
    """The index of the nearest palette colour, by a `Lookup`'s arrays."""
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
