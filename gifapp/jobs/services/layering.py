"""Draws the captions, subtitles and overlay of a recipe for pages. It blocks; run it in a thread."""

from __future__ import annotations

from gifapp.conversion.plan import make_plan
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.layers import LayersView
from gifapp.jobs.attempts.quick import QuickConversions
from gifapp.jobs.db import sources
from gifapp.storage.blobs import Blobs


class Layering:
    def __init__(self, *, blobs: Blobs, quick: QuickConversions, limits: Limits) -> None:
        self._blobs = blobs
        self._quick = quick
        self._limits = limits

    def layers(self, owner_id: str, source_id: str, recipe: Recipe) -> LayersView:
        """The layers of the recipe's GIF.

        Raises:
            errors.NotFound, errors.SourceRefused: see `Submission.submit`.
            errors.RecipeInvalid: the overlay or the subtitles cannot be read.
        """
        source = sources.find_source(owner_id, source_id)
        video = sources.video_of(source)
        make_plan(video, recipe, self._limits)
        with self._blobs.video(source.sha256) as path:
            return self._quick.layers(path, video, recipe)
