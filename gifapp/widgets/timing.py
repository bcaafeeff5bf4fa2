"""The length of a source's frames, and the recipe of a new source."""

from __future__ import annotations

from gifapp.domain.recipes.recipe import Recipe, Segment
from gifapp.domain.views.jobs import SourceView

_FRAME_S = 0.04  # for videos of unknown frame rate
_SHORTEST_S = 0.01  # for animations, whose frames have individual durations
_LONG_S = 15.0
_OPENING_S = 6.0


def frame_s(source: SourceView) -> float:
    """How long before its end a range's last frame is shown."""
    if source.keeps_times:
        return _SHORTEST_S
    return 1 / source.fps if source.fps else _FRAME_S


def opening_recipe(source: SourceView) -> Recipe:
    """The recipe of a new source: of a long video the first seconds, of other sources everything."""
    if source.keeps_times or (source.duration_s or 0.0) <= _LONG_S:
        return Recipe()
    return Recipe(segments=(Segment(end_s=_OPENING_S),))
