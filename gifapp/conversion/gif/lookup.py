"""Finds the nearest palette colour with a lookup table."""

from __future__ import annotations

import numpy as np

from gifapp.conversion.gif.native import library
from gifapp.conversion.gif.quantizer import Palette


class Lookup:
    """Caches the nearest palette colour of each colour.

    The first lookup in a cell of 4x4x4 colours finds the palette colours that are nearest to any colour in
    the cell, mostly one or two; for a cell with more than four, single colours are cached. If the exact
    nearest is not required, each cell has one result: a palette colour within the cell, or else the nearest
    to its centre.
    """

    def __init__(self, palette: Palette) -> None:
        self.table = np.ascontiguousarray(palette.colours)
        self.cells = np.zeros(library.constant("LOOKUP_CELLS"), np.uint32)
        self.cached_keys = np.full(library.constant("LOOKUP_CACHE"), -1, np.int32)
        self.cached = np.empty(len(self.cached_keys), np.uint8)
