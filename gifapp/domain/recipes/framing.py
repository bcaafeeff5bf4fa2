"""Computes the crop and the GIF's size in pixels. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from gifapp.domain.recipes.recipe import Crop, Recipe

DEFAULT_SIDE_PX = 480


@dataclass(frozen=True)
class Framing:
    """The crop in pixels of the upright source, and the GIF's size after rotation."""

    crop: Crop
    width_px: int
    height_px: int


def framing(recipe: Recipe, *, width_px: int, height_px: int) -> Framing:
    """Crop, rotate and then scale an upright picture of this size.

    `aspect` is the GIF's shape after rotation. If both sides are set, `cover` crops to the largest centred
    rectangle of their shape and `stretch` distorts; either gives exactly that size, unless the source is
    smaller: no side is ever enlarged.
    """
    crop = recipe.crop or Crop(width_px=width_px, height_px=height_px)
    is_turned = recipe.rotate in (90, 270)
    for shape in _shapes(recipe):
        crop = _largest_within(crop, shape[::-1] if is_turned else shape)
    sides = (crop.width_px, crop.height_px)
    return Framing(crop, *_scaled(recipe, *(sides[::-1] if is_turned else sides)))


def _shapes(recipe: Recipe) -> list[tuple[int, int]]:
    """The shapes to crop to, one after the other, as width and height."""
    shapes = []
    if recipe.aspect:
        across, _, down = recipe.aspect.partition(":")
        shapes.append((int(across), int(down)))
    if recipe.fit == "cover" and recipe.width_px and recipe.height_px:
        shapes.append((recipe.width_px, recipe.height_px))
    return shapes


def _largest_within(crop: Crop, shape: tuple[int, int]) -> Crop:
    across, down = shape
    unit = min(crop.width_px / across, crop.height_px / down)
    width_px, height_px = max(1, round(unit * across)), max(1, round(unit * down))
    return Crop(
        x_px=crop.x_px + (crop.width_px - width_px) // 2,
        y_px=crop.y_px + (crop.height_px - height_px) // 2,
        width_px=width_px,
        height_px=height_px,
    )


def _scaled(recipe: Recipe, width_px: int, height_px: int) -> tuple[int, int]:
    if recipe.fit != "contain" and recipe.width_px and recipe.height_px:
        return min(recipe.width_px, width_px), min(recipe.height_px, height_px)
    is_free = recipe.width_px is None and recipe.height_px is None
    widest = DEFAULT_SIDE_PX if is_free else recipe.width_px or width_px
    highest = DEFAULT_SIDE_PX if is_free else recipe.height_px or height_px
    scale = min(1.0, widest / width_px, highest / height_px)
    return max(1, round(width_px * scale)), max(1, round(height_px * scale))
