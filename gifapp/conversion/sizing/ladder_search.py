"""Walks down the quality ladder to the mildest settings expected to fit. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from gifapp.domain.recipes.output_formats import FILE_KINDS
from gifapp.domain.recipes.preset_limits import preset_of
from gifapp.domain.recipes.quality_ladder import EncodeSettings, GifStats, Stage, ladder
from gifapp.domain.recipes.recipe import Recipe

Expected = Callable[[EncodeSettings], float]
"""Predicts the bytes of a file with these settings."""

_CLOSE_SHARE = 0.98  # of the limit: close enough
_AIM = 0.99  # in the middle of what is close enough


def ladder_of(recipe: Recipe, before: GifStats, *, looks_like_screen: bool) -> list[Stage]:
    """The ladder of a recipe whose file is `before`; the recipe's content type overrides the detected one."""
    preset = preset_of(recipe)
    return ladder(
        EncodeSettings(recipe.lossy, recipe.colours),
        before,
        is_exact=preset is not None and preset.is_exact,
        is_screen=looks_like_screen if recipe.content == "auto" else recipe.content == "screen",
        compression=FILE_KINDS[recipe.format].compression,
    )


def mildest_fitting(
    stages: Sequence[Stage], max_bytes: float, expected: Expected, *, max_steps: int
) -> EncodeSettings:
    """The mildest settings expected to fit `max_bytes`; the strongest of all if none are."""
    for stage in stages:
        # check both ends: scaling a drawing adds colours, which may make it larger
        if expected(stage.at(0)) <= max_bytes:
            return stage.at(0)
        if expected(stage.at(1)) <= max_bytes:
            return _within(stage, max_bytes, expected, max_steps)
    return stages[-1].at(1)


def _within(stage: Stage, max_bytes: float, expected: Expected, max_steps: int) -> EncodeSettings:
    """The mildest fitting settings of a stage whose end fits and whose beginning does not.

    It alternates interpolation (regula falsi, on logarithms) and bisection: interpolation alone may creep.
    """
    mild, strong = 0.0, 1.0
    for step in range(max_steps):
        ends = [math.log(expected(stage.at(severity)) / (_AIM * max_bytes)) for severity in (mild, strong)]
        share = 0.5 if step % 2 else min(0.95, max(0.05, ends[0] / (ends[0] - ends[1] or 1)))
        middle = mild + (strong - mild) * share
        weight = expected(stage.at(middle))
        mild, strong = (middle, strong) if weight > max_bytes else (mild, middle)
        if _CLOSE_SHARE * max_bytes <= weight <= max_bytes:
            break
    return stage.at(strong)
