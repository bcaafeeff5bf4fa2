"""Draws frames in order and reduces each to the rectangle that it changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from gifapp.conversion.frame import Frame, Pixels
from gifapp.conversion.gif import lzw
from gifapp.conversion.gif.canvas import Canvas, Drawn, Rectangle
from gifapp.conversion.gif.exact_palette import exact_palette
from gifapp.conversion.gif.lzw import Codes
from gifapp.conversion.gif.palette_selection import GroupPalette, exact_paint
from gifapp.conversion.gif.quantizer import Palette
from gifapp.conversion.gif.style import Style


class Disposal(IntEnum):
    """What happens to a frame's rectangle before the next frame is drawn."""

    KEEP = 1
    CLEAR = 2


@dataclass
class IndexedFrame:
    """A frame as palette indices of the rectangle `where`, and their LZW codes."""

    where: Rectangle
    indices: NDArray[np.uint8]
    codes: Codes
    palette: Palette
    delay_cs: int
    disposal: Disposal = Disposal.KEEP

    def clear_also(self, where: Rectangle) -> None:
        """Grow to include `where`, so that it is cleared before the next frame is drawn."""
        grown = self.where.union(where)
        indices = np.full(
            (grown.bottom - grown.top, grown.right - grown.left), self.palette.transparent, np.uint8
        )
        top, left = self.where.top - grown.top, self.where.left - grown.left
        indices[top : top + self.indices.shape[0], left : left + self.indices.shape[1]] = self.indices
        self.where, self.indices, self.codes = grown, indices, lzw.codes_of(indices)
        self.disposal = Disposal.CLEAR


class FrameDiffer:
    """Draws frames in turn and merges equal neighbours. Used by one thread at a time."""

    def __init__(self, width_px: int, height_px: int, style: Style) -> None:
        self._canvas = Canvas(width_px, height_px, style.dither)
        self._max_colours = style.colours
        self._may_have_own = style.may_be_exact and style.palette != "global"
        self._shows_source = True  # exactly, on the whole canvas
        self._last: IndexedFrame | None = None

    def draw(self, frame: Frame, paint: GroupPalette, targets: Callable[[], Pixels]) -> IndexedFrame | None:
        """Draw a frame, see `Canvas.draw`; returns the previous one, whose delay is now known.

        Returns None if the frame was merged into the previous one, or if there is none.
        """
        before = self._last
        vanishing = self._canvas.vanishing(frame.pixels)
        if before and not vanishing.is_empty:
            before.clear_also(vanishing)
            self._canvas.clear(before.where)
        paint = self._exact(frame.pixels, paint)
        drawn = self._canvas.draw(frame.pixels, *paint, targets)
        if before and drawn.where.is_empty and before.disposal is Disposal.KEEP:
            before.delay_cs += frame.delay_cs
            return None
        if drawn.where.is_empty:  # everything visible was cleared
            indices = np.full((1, 1), paint.palette.transparent, np.uint8)
            drawn = Drawn(Rectangle(0, 0, 1, 1), indices, lzw.codes_of(indices))
        self._last = IndexedFrame(*drawn, paint.palette, frame.delay_cs)
        return before

    def _exact(self, pixels: Pixels, paint: GroupPalette) -> GroupPalette:
        """The group's palette, or one for this frame if only that shows it exactly."""
        if not paint.is_exact and self._may_have_own:
            own = exact_palette(pixels, self._canvas, self._max_colours, shows_source=self._shows_source)
            paint = exact_paint(own) if own else paint
        self._shows_source = paint.is_exact
        return paint

    def last(self) -> IndexedFrame | None:
        """The last frame drawn, if any."""
        return self._last
