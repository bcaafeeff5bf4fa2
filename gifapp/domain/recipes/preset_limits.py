"""Applies a preset's limits to a recipe. Pure.

A preset only tightens limits: the recipe's own values stay where they are stricter. Emoji and stickers have
one fixed size, whatever the recipe says. They show the largest centred square of the picture, since a whole
film frame at 22 px would be a stripe. If the recipe crops, the whole crop is shown on a transparent square.
"""

from __future__ import annotations

from gifapp.domain.recipes.presets import PRESETS, Preset
from gifapp.domain.recipes.recipe import Fit, Recipe


def preset_of(recipe: Recipe) -> Preset | None:
    return PRESETS[recipe.preset] if recipe.preset else None


def within_preset(recipe: Recipe) -> Recipe:
    """The recipe with its preset's limits on bytes and size; duration and frames are limited at rendering."""
    preset = preset_of(recipe)
    if preset is None:
        return recipe
    target_bytes = min(preset.most_bytes, recipe.target_bytes or preset.most_bytes)
    return recipe.model_copy(update={"target_bytes": target_bytes, **_sides(recipe, preset)})


def _sides(recipe: Recipe, preset: Preset) -> dict[str, int | Fit | None]:
    if preset.width_px is None or preset.height_px is None:
        return {}
    if preset.is_exact:
        return {"width_px": preset.width_px, "height_px": preset.height_px, "fit": _exact_fit(recipe)}
    if recipe.width_px is None and recipe.height_px is None:
        return {}
    has_both = recipe.width_px is not None and recipe.height_px is not None
    return {
        "width_px": min(recipe.width_px or preset.width_px, preset.width_px),
        "height_px": min(recipe.height_px or preset.height_px, preset.height_px),
        "fit": recipe.fit if has_both else "contain",
    }


def _exact_fit(recipe: Recipe) -> Fit:
    is_cropped = recipe.crop is not None or recipe.aspect is not None
    return recipe.fit if is_cropped or recipe.fit == "stretch" else "cover"
