"""The converter that the fork server for estimates runs; unlike the web server, it imports the encoder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gifapp.conversion.report import Estimate
from gifapp.conversion.sizing.estimate import estimate
from gifapp.conversion.video import Video
from gifapp.domain.job import Progress
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe


def estimate_requested(
    path: Path,
    recipe: Recipe,
    _out: Path,
    *,
    video: Video,
    limits: Limits,
    on_progress: Callable[[Progress], None],
) -> Estimate:
    """A `Converter` that writes no file."""
    return estimate(path, recipe, limits=limits, video=video, on_progress=on_progress)
