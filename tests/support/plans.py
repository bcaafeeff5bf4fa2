"""Plans without a video, and the look of text on a plain picture."""

from typing import Any

import numpy as np

from gifapp.conversion.frame import Frame
from gifapp.conversion.plan import Cut, Plan
from gifapp.conversion.text import compositing
from gifapp.conversion.text.layer import Layer
from gifapp.domain.recipes.recipe import Caption, Crop, Recipe

GREY = 100


def a_plan(
    recipe: Recipe, *, width_px: int = 200, height_px: int = 120, cuts: tuple[Cut, ...] = (Cut(0.0, 10),)
) -> Plan:
    """A plan at 10 frames a second."""
    frames = sum(cut.frames - cut.overlap for cut in cuts)
    crop = Crop(width_px=width_px, height_px=height_px)
    return Plan(cuts, 10.0, frames / 10, crop, width_px, height_px, False, recipe)


def grey(width_px: int = 200, height_px: int = 120) -> np.ndarray:
    return np.full((height_px, width_px, 3), GREY, np.uint8)


def layers(plan: Plan) -> list[Layer]:
    return compositing.layers(plan, checkpoint=lambda: None)[0]


def notes(plan: Plan) -> list[str]:
    return compositing.layers(plan, checkpoint=lambda: None)[1]


def first_picture(recipe: Recipe, *, width_px: int = 200, height_px: int = 120) -> np.ndarray:
    """The first frame of a grey clip with the recipe's text."""
    painted = layers(a_plan(recipe, width_px=width_px, height_px=height_px))
    return next(compositing.composite([Frame(grey(width_px, height_px), 10)], painted)).pixels


def drawn(text: str, **caption: Any) -> np.ndarray:
    """The picture of one caption, cropped to what was drawn."""
    picture = first_picture(Recipe(captions=(Caption(text=text, **caption),)), width_px=480, height_px=270)
    return picture[box(picture)]


def box(picture: np.ndarray) -> tuple[slice, slice]:
    """The rows and columns that are not plain grey."""
    rows, columns = np.nonzero((picture != GREY).any(axis=2))
    return slice(int(rows.min()), int(rows.max()) + 1), slice(int(columns.min()), int(columns.max()) + 1)
