"""Predicts a GIF's size in pixels, frames and duration before it is made."""

from __future__ import annotations

from dataclasses import dataclass

from gifapp.domain.recipes.framing import framing
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.timing import MIN_DELAY_CS, STANDARD_FPS, frame_count, overlaps_s


@dataclass(frozen=True)
class Outcome:
    width_px: int
    height_px: int
    frames: int
    duration_s: float


def outcome(
    recipe: Recipe, *, width_px: int, height_px: int, duration_s: float, is_still: bool = False
) -> Outcome:
    """Predict the GIF from a source of this size and duration; `is_still`: the source is a single picture.

    Identical neighbouring frames are merged, so the GIF may store fewer frames than this.
    """
    framed = framing(recipe, width_px=width_px, height_px=height_px)
    lengths_s = _played_s(recipe, duration_s)
    joined_s = max(MIN_DELAY_CS / 100, sum(lengths_s) - sum(overlaps_s(lengths_s, recipe.crossfade_s)))
    times = 2 if recipe.direction == "boomerang" else 1
    is_lone = is_still and not is_animated(recipe)
    frames = 1 if is_lone else frame_count(joined_s, recipe.fps or STANDARD_FPS)
    if recipe.frames:
        frames, joined_s = len(recipe.frames), _edited_s(recipe, joined_s / frames)
    frames = frames if is_lone else frames * times
    return Outcome(framed.width_px, framed.height_px, frames, joined_s * times + recipe.hold_s)


def numbering_recipe(recipe: Recipe) -> Recipe:
    """The recipe whose frames the list counts: without the list, and without text and fades.

    Text and fades split long frames and may raise a slow video's rate; adding them must not change what the
    numbers mean.
    """
    look = recipe.look.model_copy(update={"fade_in_s": 0.0, "fade_out_s": 0.0})
    return recipe.model_copy(update={"frames": (), "captions": (), "subtitles": None, "look": look})


def is_animated(recipe: Recipe) -> bool:
    """Whether the recipe makes even a single picture change over time."""
    fades_s = recipe.look.fade_in_s + recipe.look.fade_out_s
    return bool(recipe.captions or recipe.subtitles or fades_s)


def _edited_s(recipe: Recipe, mean_s: float) -> float:
    """How long the listed frames play; frames that keep their own delays are `mean_s` long on average."""
    return sum(edit.delay_cs or 100 * mean_s for edit in recipe.frames) / 100


def _played_s(recipe: Recipe, duration_s: float) -> list[float]:
    """How long each segment plays; 0 for those outside the source."""
    ranges = [(part.start_s, part.end_s or duration_s) for part in recipe.segments] or [(0.0, duration_s)]
    return [max(0.0, min(end_s, duration_s) - start_s) / recipe.speed for start_s, end_s in ranges]
