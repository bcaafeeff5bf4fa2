"""Measures the size of the other formats: makes each file and discards it."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Protocol

from gifapp import errors
from gifapp.conversion.progress import Reporter
from gifapp.conversion.report import GifReport
from gifapp.domain.job import Progress
from gifapp.domain.recipes.output_formats import FILE_KINDS
from gifapp.domain.recipes.recipe import Format, Recipe

OnProgress = Callable[[Progress], None]


class Make(Protocol):
    """`pipeline.convert_file`, for one video."""

    def __call__(self, recipe: Recipe, out: Path, *, on_progress: OnProgress) -> GifReport: ...


def in_parts(on_progress: OnProgress, count: int = len(FILE_KINDS)) -> list[OnProgress]:
    """Progress callbacks, one per format; together they report a single progress to `on_progress`."""
    whole = Reporter(on_progress, math.inf)  # each conversion has its own deadline

    def report(number: int, progress: Progress) -> None:
        whole.at(progress.phase, (number + progress.fraction) / count)

    return [partial(report, number) for number in range(count)]


def other_sizes(recipe: Recipe, make: Make, listeners: list[OnProgress]) -> dict[Format, int]:
    """The bytes of `recipe` in every other format; formats that would exceed the limits are omitted.

    A target size or a platform's limits are left out: these are the sizes at the recipe's own quality.
    """
    sizes: dict[Format, int] = {}
    with tempfile.TemporaryDirectory(prefix="gifapp-") as directory:
        out = Path(directory) / "other"
        for other, on_progress in zip(_others(recipe), listeners, strict=True):
            with suppress(errors.ConversionTooBig):
                sizes[other.format] = make(other, out, on_progress=on_progress).bytes
    return sizes


def _others(recipe: Recipe) -> Iterator[Recipe]:
    for name in FILE_KINDS:
        if name != recipe.format:
            yield recipe.model_copy(update={"format": name, "target_bytes": None, "preset": None})
