"""What a group of frames is drawn with: its palette, the way to look colours up in it, the tolerance."""

from __future__ import annotations

from typing import NamedTuple

from gifapp.conversion.dither import Lookup
from gifapp.conversion.frame import Frame
from gifapp.conversion.grouping import Group, kind_of
from gifapp.conversion.palette import Histogram, Palette
from gifapp.conversion.style import Style
from gifapp.conversion.tolerance import Tolerance, tolerance

_FEWEST_WITH_HOLD = 4  # with fewer colours, none is given up for transparency


class Paint(NamedTuple):
    """All that drawing a frame needs besides the frame and the canvas."""

    palette: Palette
    lookup: Lookup
    tolerance: Tolerance


class Chooser:
    """Chooses the paint for each group in turn; used by one thread at a time."""

    def __init__(self, style: Style) -> None:
        self._style = style
        self._histogram = Histogram()
        self._paint: Paint | None = None

    def count(self, frame: Frame) -> None:
        """Let the colours of `frame` count for the next palette."""
        self._histogram.add(frame.pixels)

    def choose(self, group: Group) -> Paint:
        """The paint for these frames; a global one is chosen once, when all frames were counted."""
        if self._style.palette == "global":
            self._paint = self._paint or self._chosen(group[0], holds=True)
            return self._paint
        self._histogram.clear()
        for frame in group:
            self.count(frame)
        may_be_still = self._paint is None and len(group) == 1
        self._paint = self._chosen(group[0], holds=not may_be_still)
        return self._paint

    def _chosen(self, frame: Frame, *, holds: bool) -> Paint:
        style = self._style
        kind = kind_of(frame.pixels) if style.content == "auto" else style.content
        rules = tolerance(kind, style.dither, style.lossy)
        has_alpha = frame.pixels.shape[2] == 4
        reserved = has_alpha or (holds and style.colours >= _FEWEST_WITH_HOLD)
        colours = self._histogram.choose(style.colours - reserved, rules.spread if holds else 0.0)
        palette = Palette(colours, len(colours) if reserved else None)
        return Paint(palette, Lookup(palette), rules)
