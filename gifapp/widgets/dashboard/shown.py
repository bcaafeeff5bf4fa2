"""What the stage shows of a recipe by itself, and the recipe of what the service draws for it. Pure."""

from __future__ import annotations

from typing import Any

from gifapp.domain.recipes.framing import framing
from gifapp.domain.recipes.recipe import Crop, Recipe
from gifapp.domain.source_rate import match_source_rate
from gifapp.domain.timing import Pace
from gifapp.domain.views.jobs import SourceView

# what decides which layers there are, when and where
_OF_LAYERS = (
    *("segments", "crossfade_s", "speed", "direction", "fps", "hold_s"),
    *("crop", "aspect", "rotate", "flip", "width_px", "height_px", "fit", "preset"),
    *("captions", "subtitles", "overlay"),
)


def pace_of(source: SourceView) -> Pace:
    return Pace(source.fps, source.pace_fps, source.keeps_times, source.is_sequence)


def shown_of(recipe: Recipe, source: SourceView) -> dict[str, Any]:
    """What the page shows of a recipe by itself.

    `gif_scale`: pixels of the GIF in one of the source; `step_s`: how long a frame of the GIF lasts, 0 if
    they differ; `captions` and `overlay`: what moves their pictures without drawing them again.
    """
    framed = framing(recipe, width_px=source.width, height_px=source.height)
    across_px = framed.height_px if recipe.rotate in (90, 270) else framed.width_px
    ends_s = [(part.start_s, part.end_s or source.duration_s or 0.0) for part in recipe.segments]
    paced = match_source_rate(recipe, pace_of(source))
    return {
        "look": recipe.look.model_dump(),
        "background": recipe.background,
        "rotate": recipe.rotate,
        "flip": recipe.flip,
        "gif_scale": across_px / framed.crop.width_px,
        "speed": recipe.speed,
        "direction": recipe.direction,
        "crossfade_s": recipe.crossfade_s,
        "ranges": ends_s or [(0.0, source.duration_s or 0.0)],
        "step_s": 0.0 if source.keeps_times or not paced.fps else 1 / paced.fps,
        "captions": [
            caption.model_dump(include={"text", "start_s", "end_s", "position"})
            for caption in recipe.captions
        ],
        "overlay": recipe.overlay and recipe.overlay.model_dump(include={"position", "scale", "opacity"}),
    }


def layers_recipe(recipe: Recipe) -> Recipe | None:
    """What decides on the recipe's layers, so that nothing else draws them again; None: it has none."""
    if not (recipe.captions or recipe.subtitles or recipe.overlay):
        return None
    return Recipe(**{name: getattr(recipe, name) for name in _OF_LAYERS})


def shown_crop(recipe: Recipe, source: SourceView) -> dict[str, int]:
    """The crop of the picture, or empty if it is the whole picture."""
    crop = framing(recipe, width_px=source.width, height_px=source.height).crop
    whole = Crop(width_px=source.width, height_px=source.height)
    return {} if crop == whole else crop.model_dump()
