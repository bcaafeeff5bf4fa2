"""Walks down the quality ladder to the mildest settings expected to fit. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from gifapp.domain.recipes.preset_limits import preset_of
from gifapp.domain.recipes.quality_ladder import EncodeSettings, GifStats, Stage, ladder
from gifapp.domain.recipes.recipe import Recipe

Expected = Callable[[EncodeSettings], float]
"""About how many bytes a GIF would have."""

_CLOSE_SHARE = 0.98  # of what it may weigh: near enough


def ladder_of(recipe: Recipe, before: GifStats, *, looks_like_screen: bool) -> list[Stage]:
    """The ladder of a recipe whose GIF is `before`; the recipe may know better what the clip shows."""
    preset = preset_of(recipe)
    return ladder(
        EncodeSettings(recipe.lossy, recipe.colours),
        before,
        is_exact=preset is not None and preset.is_exact,
        is_screen=looks_like_screen if recipe.content == "auto" else recipe.content == "screen",
    )


def mildest_fitting(
    stages: Sequence[Stage], most_bytes: float, expected: Expected, *, most_steps: int
) -> EncodeSettings:
    """What is expected to be no larger; the harshest of all if nothing is."""
    for stage in stages:
        # a drawing that is scaled has more colours than before, and may well be larger
        if expected(stage.at(0)) <= most_bytes:
            return stage.at(0)
        if expected(stage.at(1)) <= most_bytes:
            return _within(stage, most_bytes, expected, most_steps)
    return stages[-1].at(1)


def _within(stage: Stage, most_bytes: float, expected: Expected, most_steps: int) -> EncodeSettings:
    """The gentlest of a stage whose end fits and whose beginning does not, found from both sides.

    By turns where the weights of both sides point to, and in the middle: from one side alone it may creep.
    """
    gentle, harsh = 0.0, 1.0
    for step in range(most_steps):
        ends = [math.log(expected(stage.at(place)) / most_bytes) for place in (gentle, harsh)]
        share = 0.5 if step % 2 else min(0.75, max(0.25, ends[0] / (ends[0] - ends[1] or 1)))
        middle = gentle + (harsh - gentle) * share
        weight = expected(stage.at(middle))
        gentle, harsh = (middle, harsh) if weight > most_bytes else (gentle, middle)
        if _CLOSE_SHARE * most_bytes <= weight <= most_bytes:
            break
    return stage.at(harsh)
