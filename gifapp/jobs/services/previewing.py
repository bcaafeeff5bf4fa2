"""Makes previews: short loops of a recipe's GIF. It blocks; run it in a thread."""

from __future__ import annotations

from gifapp.conversion.plan import Plan, make_plan
from gifapp.conversion.video import Video
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.preview import MAX_PREVIEW_S, preview_recipe
from gifapp.domain.recipes.recipe import Recipe, Segment
from gifapp.jobs.attempts.quick import Preview, QuickConversions
from gifapp.jobs.db import sources
from gifapp.storage.blobs import Blobs

# a third of a second of CPU time each, so that most previews take less than a second
_MAX_PX = 5_000_000  # of the loop's frames
_MAX_DECODED_PX = 200_000_000


class Previewing:
    def __init__(self, *, blobs: Blobs, quick: QuickConversions, limits: Limits) -> None:
        self._blobs = blobs
        self._quick = quick
        self._limits = limits

    def preview(
        self, owner_id: str, source_id: str, recipe: Recipe, at_s: float | None = None
    ) -> tuple[Preview, Segment | None]:
        """Convert a loop of up to 1.5 s around the source's time `at_s`; None: in the middle of the clip.

        Returns the preview, and the range of the source that it shows: none for listed frames.

        Raises:
            errors.NotFound, errors.SourceRefused: see `Submission.submit`.
            errors.TargetTooSmall: no GIF of this recipe can reach its target size.
        """
        source = sources.find_source(owner_id, source_id)
        video = sources.video_of(source)
        plan = make_plan(video, recipe, self._limits)
        looped = preview_recipe(
            recipe,
            at_s,
            duration_s=video.duration_s,
            longest_s=_longest_s(plan, video),
            delays_cs=plan.read_delays_cs,
        )
        with self._blobs.video(source.sha256) as path:
            preview = self._quick.preview(path, video, looped)
        return preview, None if recipe.frames else looped.segments[0]


def _longest_s(plan: Plan, video: Video) -> float:
    """The longest loop that is made quickly; at least one frame."""
    fps = len(plan.order) / plan.starts_s[-1]
    px_per_s = plan.width_px * plan.height_px * fps
    decoded_px_per_s = video.stored_width_px * video.stored_height_px * (video.fps or 0) * plan.recipe.speed
    return max(1 / fps, min(MAX_PREVIEW_S, _MAX_PX / px_per_s, _MAX_DECODED_PX / max(1, decoded_px_per_s)))
