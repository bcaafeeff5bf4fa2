"""How fast pictures come: the recipe with the speed and the rate that its source needs. Pure."""

from __future__ import annotations

from gifapp.domain.outcome import is_animated
from gifapp.domain.recipe import Recipe


def at_its_pace(recipe: Recipe, *, pace_fps: float | None, is_sequence: bool) -> Recipe:
    """The recipe as it is carried out on a source.

    Pictures without times of their own, a sequence, play `fps` a second. A source that is slower than
    `fps` keeps its own times, which would else be moved to those of the next frame.

    Args:
        recipe: what was asked for.
        pace_fps: the slowest rate at which every picture of the source shows at its own time, if any.
        is_sequence: the source's pictures have no times of their own.
    """
    if pace_fps is None:
        return recipe
    if is_sequence:
        recipe = recipe.model_copy(update={"speed": recipe.speed * recipe.fps / pace_fps})
    if not _shows_whole_pictures(recipe, pace_fps):
        return recipe
    return recipe.model_copy(update={"fps": min(recipe.fps, pace_fps * recipe.speed)})


def _shows_whole_pictures(recipe: Recipe, pace_fps: float) -> bool:
    """Whether nothing changes, and nothing is cut, while a picture shows."""
    if is_animated(recipe) or recipe.crossfade_s:
        return False
    cuts = [time_s * pace_fps for one in recipe.segments for time_s in (one.start_s, one.end_s or 0.0)]
    return all(abs(cut - round(cut)) < 0.01 for cut in cuts)
