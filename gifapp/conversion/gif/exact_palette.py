"""Finds the colours needed to show a picture exactly, if one palette can hold them.

Each frame of a source GIF has few colours, but they differ between frames, and earlier frames remain visible
with other colours. So only pixels that differ from the canvas need a colour.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gifapp.conversion.frame import Pixels
from gifapp.conversion.gif.canvas import Canvas, Rectangle, bounds
from gifapp.conversion.gif.native import library
from gifapp.conversion.gif.quantizer import Colours, Palette

_MAX_COLOURS = library.constant("MAX_COLOURS")


def exact_palette(pixels: Pixels, canvas: Canvas, max_colours: int, *, shows_source: bool) -> Palette | None:
    """A palette of at most `max_colours` entries with which `pixels` come out exactly, or None.

    Unchanged pixels count too, unless the whole canvas shows the source exactly (`shows_source`): correcting
    a film that is nearly right is not worth the bytes. A full table has no transparent entry; then the whole
    changed rectangle is written. Pictures with alpha always need that entry: decoders clear with it.
    """
    height, width = pixels.shape[:2]
    needed = _colours(pixels, canvas, Rectangle(0, 0, width, height), only_missing=shows_source)
    if needed is not None and len(needed) < max_colours:
        return Palette(needed if len(needed) else np.zeros((1, 3), np.uint8), max(1, len(needed)))
    if needed is None or len(needed) > max_colours or pixels.shape[2] == 4:
        return None
    is_wrong = (canvas.shown != pixels).any(axis=2) | (canvas.screen[..., 3] == 0)
    written = _colours(pixels, canvas, bounds(is_wrong), only_missing=False)
    return Palette(written, None) if written is not None and len(written) <= max_colours else None


def _colours(pixels: Pixels, canvas: Canvas, where: Rectangle, *, only_missing: bool) -> Colours | None:
    """The visible colours in a part of `pixels`, or only of those not shown yet; None if over 256."""
    keys, part = np.empty(_MAX_COLOURS, np.int32), np.array(where, np.int64)
    shape = np.array(pixels.shape, np.int64)
    count = library.collect_colours(pixels, shape, canvas.screen, part, only_missing, keys)
    return None if count > _MAX_COLOURS else _unpacked(np.sort(keys[:count]))


def _unpacked(keys: NDArray[np.int32]) -> Colours:
    return np.stack([keys >> 16, keys >> 8 & 255, keys & 255], axis=1).astype(np.uint8)
