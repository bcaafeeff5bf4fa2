"""Stamps a painted layer onto frames."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PIL import Image

from gifapp.conversion.frame import Pixels
from gifapp.conversion.text.layer import Layer


def stamped(pixels: Pixels, stamps: Iterable[Stamp]) -> Pixels:
    """A copy of the pixels with the stamps on it, the last on top."""
    pixels = pixels.copy()
    for stamp in stamps:
        stamp.press(pixels)
    return pixels


class Stamp:
    """A painted layer, clipped to its visible rectangle, for frames of one size."""

    def __init__(self, layer: Layer, pixels: Pixels) -> None:
        height_px, width_px = pixels.shape[:2]
        picture, x_px, y_px = visible(layer, width_px, height_px)
        self._place = np.s_[y_px : y_px + picture.shape[0], x_px : x_px + picture.shape[1]]
        self._picture = Image.fromarray(picture)

    def press(self, pixels: Pixels) -> None:
        """Blend into RGB or RGBA pixels in place."""
        under = Image.fromarray(np.ascontiguousarray(pixels[self._place]))
        if pixels.shape[2] == 4:
            under = Image.alpha_composite(under, self._picture)
        else:
            under.paste(self._picture, mask=self._picture)
        pixels[self._place] = np.asarray(under)


def visible(layer: Layer, width_px: int, height_px: int) -> tuple[Pixels, int, int]:
    """The layer's picture cropped to what is visible in frames of this size, and its upper left corner."""
    picture = layer.paint()
    left, top = max(0, -layer.x_px), max(0, -layer.y_px)
    picture = picture[top : max(top, height_px - layer.y_px), left : max(left, width_px - layer.x_px)]
    down, across = _bounds(picture[..., 3])
    corner = (layer.x_px + left + across.start, layer.y_px + top + down.start)
    return np.ascontiguousarray(picture[down, across]), *corner


def _bounds(alpha: Pixels) -> tuple[slice, slice]:
    """The rows and columns that contain visible pixels."""
    rows, columns = (np.flatnonzero(alpha.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return slice(0, 0), slice(0, 0)
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
