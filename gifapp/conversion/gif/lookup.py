"""Finds the nearest palette colour with a lookup table."""

from __future__ import annotations

import numpy as np

from gifapp.conversion.gif.native import library
from gifapp.conversion.gif.quantizer import Palette

_UNKNOWN = library.constant("LOOKUP_UNKNOWN")


class Lookup:
    """Caches the nearest palette colour of each colour.

    One cell per 4x4x4 colours holds the answer for the cell's centre. A cell that contains several palette
    colours is answered for each exact colour instead, so that no palette colour is ever missed.
    """

    def __init__(self, palette: Palette) -> None:
        self.table = np.ascontiguousarray(palette.colours)
        self.cells = np.full(library.constant("LOOKUP_CELLS"), _UNKNOWN, np.uint8)
        self.states = np.zeros(len(self.cells), np.uint8)  # why a cell is unknown
        self.cached_keys = np.full(library.constant("LOOKUP_CACHE"), -1, np.int32)
        self.cached = np.empty(len(self.cached_keys), np.uint8)
        library.mark_cells(self.table, len(self.table), self.cells, self.states)
