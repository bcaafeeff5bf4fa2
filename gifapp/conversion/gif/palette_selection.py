"""Chooses the palette, lookup table and tolerance for a group of frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gifapp.conversion.frame import Frame, Pixels
from gifapp.conversion.gif.grouping import kind_of
from gifapp.conversion.gif.histogram import FILM_ROWS, Histogram
from gifapp.conversion.gif.lookup import Lookup
from gifapp.conversion.gif.quantizer import Palette
from gifapp.conversion.gif.style import Style
from gifapp.conversion.gif.tolerance import EXACT, Tolerance, tolerance

_FEWEST_WITH_HOLD = 4  # with fewer colours, none is reserved for transparency


class GroupPalette(NamedTuple):
    """What is needed to draw a frame besides the frame and the canvas."""

    palette: Palette
    lookup: Lookup
    tolerance: Tolerance

    @property
    def is_exact(self) -> bool:
        """Whether every pixel is shown exactly as in the source."""
        return self.tolerance is EXACT


def exact_paint(palette: Palette) -> GroupPalette:
    """For pictures whose colours are all in the palette."""
    return GroupPalette(palette, Lookup(palette), EXACT)


class PaletteSelector:
    """Chooses the palette of each group in turn; used by one thread at a time."""

    def __init__(self, style: Style) -> None:
        self._style = style
        self._histogram = Histogram()
        self._paint: GroupPalette | None = None

    def count(self, pixels: Pixels) -> None:
        """Count the colours of `pixels` for the global palette."""
        self._histogram.add(pixels, FILM_ROWS)

    def choose(self, frames: Sequence[Frame]) -> GroupPalette:
        """The palette for these frames; a global one is chosen once, after all frames were counted.

        It is exact if the table can hold all their colours and the style allows it.
        """
        if self._style.palette == "global":
            self._paint = self._paint or self._chosen(frames[0].pixels, holds=True)
            return self._paint
        self._histogram.clear()
        rows = max(1, min(FILM_ROWS, len(frames) - 1))  # each row is counted in at least one frame
        for frame in frames:
            self._histogram.add(frame.pixels, rows)
        may_be_still = self._paint is None and len(frames) == 1
        self._paint = self._chosen(frames[0].pixels, holds=not may_be_still)
        return self._paint

    def _chosen(self, pixels: Pixels, *, holds: bool) -> GroupPalette:
        has_alpha = pixels.shape[2] == 4
        if self._style.may_be_exact and (paint := self._exact(holds=holds, has_alpha=has_alpha)):
            return paint
        style = self._style
        kind = kind_of(pixels) if style.content == "auto" else style.content
        rules = tolerance(kind, style.dither, style.lossy)
        reserved = has_alpha or (holds and style.colours >= _FEWEST_WITH_HOLD)
        colours = self._histogram.choose(style.colours - reserved, rules.spread if holds else 0.0)
        palette = Palette(colours, len(colours) if reserved else None)
        return GroupPalette(palette, Lookup(palette), rules)

    def _exact(self, *, holds: bool, has_alpha: bool) -> GroupPalette | None:
        """A palette with all colours: the previous one if it has them; None if there are too many."""
        colours = self._histogram.all_colours(self._style.colours - has_alpha)
        if colours is None:
            return None
        before = self._paint
        if before and before.is_exact and before.palette.has_all(colours):
            return before
        reserved = has_alpha or (holds and len(colours) < self._style.colours)
        return exact_paint(Palette(colours, len(colours) if reserved else None))
