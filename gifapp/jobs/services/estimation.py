"""Estimates a file's size before its recipe is submitted. It blocks; run it in a thread."""

from __future__ import annotations

from gifapp.conversion.plan import make_plan
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import EstimateView
from gifapp.jobs.attempts.quick import QuickConversions
from gifapp.jobs.db import sources
from gifapp.storage.blobs import Blobs


class Estimation:
    def __init__(self, *, blobs: Blobs, quick: QuickConversions, limits: Limits) -> None:
        self._blobs = blobs
        self._quick = quick
        self._limits = limits

    def estimate(self, owner_id: str, source_id: str, recipe: Recipe) -> EstimateView:
        """Estimate the file's size; takes about a second, or several for a video codec that must fit a size.

        Raises:
            errors.NotFound, errors.SourceRefused: see `Submission.submit`.
            errors.TargetTooSmall: no file of this recipe can reach its target size.
        """
        source = sources.find_source(owner_id, source_id)
        video = sources.video_of(source)
        make_plan(video, recipe, self._limits)
        with self._blobs.video(source.sha256) as path:
            estimate = self._quick.estimate(path, video, recipe)
        return EstimateView(
            bytes=estimate.bytes,
            frames=estimate.frames,
            width_px=estimate.width_px,
            height_px=estimate.height_px,
            notes=list(estimate.notes),
        )
