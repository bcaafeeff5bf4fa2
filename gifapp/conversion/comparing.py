"""How large the other formats would be: each is made, measured and discarded."""

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


def in_parts(on_progress: OnProgress) -> list[OnProgress]:
    """Listeners for one conversion to each format, of which `on_progress` hears as of one."""
    whole = Reporter(on_progress, math.inf)  # each conversion has a deadline of its own

    def heard(number: int, progress: Progress) -> None:
        whole.at(progress.phase, (number + progress.fraction) / len(FILE_KINDS))

    return [partial(heard, number) for number in range(len(FILE_KINDS))]


def other_sizes(recipe: Recipe, make: Make, listeners: list[OnProgress]) -> dict[Format, int]:
    """The bytes that `recipe` takes in every other format; one that grows beyond the limits is left out.

    A size that the recipe asks for is the GIF's alone: the others are as large as they come.
    """
    sizes: dict[Format, int] = {}
    with tempfile.TemporaryDirectory(prefix="gifapp-") as directory:
        out = Path(directory) / "other"
        for asked, on_progress in zip(_others(recipe), listeners, strict=True):
            with suppress(errors.ConversionTooBig):
                sizes[asked.format] = make(asked, out, on_progress=on_progress).bytes
    return sizes


def _others(recipe: Recipe) -> Iterator[Recipe]:
    for name in FILE_KINDS:
        if name != recipe.format:
            yield recipe.model_copy(update={"format": name, "target_bytes": None, "preset": None})
