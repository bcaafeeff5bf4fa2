"""Predicts how much CPU time a conversion takes. Pure."""

from __future__ import annotations

from gifapp.conversion.plan import Plan, frame_px, frames_read
from gifapp.conversion.video import Video
from gifapp.domain.recipes.output_formats import FILE_KINDS

_DECODING_NS = 3  # per pixel of a video
_COMPOSING_NS = 40  # per pixel of an animation or a still
_SIZED_ENCODES = 4  # the most that a target size takes
_EFFORTS = {1: 0.8, 2: 1.0, 3: 3.0}  # CPU time of a GIF at each effort


def cpu_s(video: Video, plan: Plan) -> float:
    """The CPU time of a conversion in seconds, to within a factor of about two."""
    return (_reading_ns(video, plan) + _writing_ns(plan)) / 1e9


def _reading_ns(video: Video, plan: Plan) -> float:
    step_s = plan.recipe.speed / plan.fps
    ranges = [(cut.start_s, cut.start_s + cut.frames * step_s) for cut in plan.cuts]
    _, frames = frames_read(video, ranges, plan.cuts)
    passes = 1 + plan.recipe.look.stabilise
    return passes * frames * frame_px(video) * (_COMPOSING_NS if video.is_pictures else _DECODING_NS)


def _writing_ns(plan: Plan) -> float:
    recipe = plan.recipe
    frames = len(plan.order) * (2 if recipe.direction == "boomerang" else 1)
    encodes = _SIZED_ENCODES if recipe.target_bytes else 1
    effort = _EFFORTS[recipe.effort] if recipe.format == "gif" else 1
    return frames * plan.width_px * plan.height_px * encodes * effort * FILE_KINDS[recipe.format].encoding_ns
