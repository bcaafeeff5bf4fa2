"""Matches the recipe's speed and frame rate to the source's frame rate. Pure."""

from __future__ import annotations

from gifapp.domain.recipes.outcome import is_animated
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.timing import MAX_FPS, STANDARD_FPS, Pace


def match_source_rate(recipe: Recipe, pace: Pace) -> Recipe:
    """The recipe with the speed and `fps` used for this source; `fps` is an average and never None."""
    if pace.is_sequence and recipe.fps is not None:
        recipe = recipe.model_copy(update={"speed": recipe.speed * recipe.fps / STANDARD_FPS})
    fps = _pictures_fps(recipe, pace) if pace.keeps_times else _video_fps(recipe, pace)
    return recipe.model_copy(update={"fps": fps})


def _pictures_fps(recipe: Recipe, pace: Pace) -> float:
    if is_animated(recipe) or recipe.crossfade_s or pace.fps is None:
        return recipe.fps or STANDARD_FPS
    return min(recipe.fps or MAX_FPS, pace.fps * recipe.speed)


def _video_fps(recipe: Recipe, pace: Pace) -> float:
    """A source slower than the requested rate keeps its own: resampling would shift its timestamps."""
    fps = recipe.fps or STANDARD_FPS
    if pace.steady_fps is None or not _shows_whole_pictures(recipe, pace.steady_fps):
        return fps
    return min(fps, pace.steady_fps * recipe.speed)


def _shows_whole_pictures(recipe: Recipe, steady_fps: float) -> bool:
    """Whether nothing changes, and no cut falls, in the middle of a source picture."""
    if is_animated(recipe) or recipe.crossfade_s:
        return False
    cuts = [time_s * steady_fps for part in recipe.segments for time_s in (part.start_s, part.end_s or 0.0)]
    return all(abs(cut - round(cut)) < 0.01 for cut in cuts)
