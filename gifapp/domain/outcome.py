"""What a recipe makes of a source: the GIF's size, frames and duration, known before it is made."""

from __future__ import annotations

from dataclasses import dataclass

from gifapp.domain.recipe import Recipe
from gifapp.domain.timing import frame_count

DEFAULT_SIDE_PX = 480


@dataclass(frozen=True)
class Outcome:
    width_px: int
    height_px: int
    frames: int
    duration_s: float


def fitted_size(width_px: int, height_px: int, recipe: Recipe) -> tuple[int, int]:
    """The GIF's size: within what the recipe asks for, in proportion, never larger than the source."""
    is_free = recipe.width_px is None and recipe.height_px is None
    widest = DEFAULT_SIDE_PX if is_free else recipe.width_px or width_px
    highest = DEFAULT_SIDE_PX if is_free else recipe.height_px or height_px
    scale = min(1.0, widest / width_px, highest / height_px)
    return max(1, round(width_px * scale)), max(1, round(height_px * scale))


def outcome(recipe: Recipe, *, width_px: int, height_px: int, duration_s: float) -> Outcome:
    """What becomes of a source of this size and duration.

    Neighbours that look the same are merged, so the GIF may hold fewer frames than it shows.
    """
    crop_px = (recipe.crop.width_px, recipe.crop.height_px) if recipe.crop else (width_px, height_px)
    played_s = _selected_s(recipe, duration_s) / recipe.speed
    times = 2 if recipe.direction == "boomerang" else 1
    frames = frame_count(played_s, recipe.fps)
    return Outcome(*fitted_size(*crop_px, recipe), frames * times, played_s * times)


def _selected_s(recipe: Recipe, duration_s: float) -> float:
    if not recipe.segments:
        return duration_s
    return sum(min(one.end_s or duration_s, duration_s) - one.start_s for one in recipe.segments)
