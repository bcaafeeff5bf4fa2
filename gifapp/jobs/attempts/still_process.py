"""The conversion of a job, which also keeps the GIF's first frame; runs in a child process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gifapp.conversion.pipeline import convert_file
from gifapp.conversion.report import GifReport
from gifapp.conversion.video import Video
from gifapp.domain.job import Progress
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe
from gifapp.jobs.attempts.conversion_process import STILL


def convert_with_still(
    path: Path,
    recipe: Recipe,
    out: Path,
    *,
    video: Video,
    limits: Limits,
    on_progress: Callable[[Progress], None],
) -> GifReport:
    """A `Converter` that also writes the first frame beside `out`."""
    return convert_file(
        path, recipe, out, video=video, limits=limits, on_progress=on_progress, still=out.with_name(STILL)
    )
