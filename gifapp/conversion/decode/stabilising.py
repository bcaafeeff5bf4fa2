"""Builds ffmpeg's filters that steady a handheld clip, in two passes by libvidstab. Pure.

The first pass measures how each frame moved since the previous one, the second smooths the camera's path.
Both see the whole picture, scaled so that the crop, which comes later, has the GIF's size.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gifapp.conversion.decode.look import quoted
from gifapp.conversion.plan import Plan
from gifapp.conversion.video import Video

MEASURE = "vidstabdetect=result=/dev/stdout:shakiness=8:accuracy=15"
"""The filter of the first pass."""

MAX_MOTION_BYTES = 128_000_000  # twice that of the longest clip
_MIN_PX = 64  # libvidstab finds nothing to measure in smaller pictures
_ZOOM_PERCENT = 12
_SHIFT, _TURN = 0.04, 0.013  # of the shorter side: together they stay within the zoom, so that no edge shows
_SMOOTHED_FRAMES = 15  # before and after each


def is_wanted(video: Video, plan: Plan) -> bool:
    return plan.recipe.look.stabilise and min(whole_sides(video, plan)) >= _MIN_PX


def whole_sides(video: Video, plan: Plan) -> tuple[int, int]:
    """The width and height in pixels of the whole picture when its crop has the GIF's size."""
    width, height = plan.unrotated_sides
    return (
        max(width, round(video.width_px * width / plan.crop.width_px)),
        max(height, round(video.height_px * height / plan.crop.height_px)),
    )


def steadied(video: Video, plan: Plan, motion: Path) -> Iterator[str]:
    """The second pass on the whole picture, then the crop; `motion` is the output of the first."""
    (width, height), sides = plan.unrotated_sides, whole_sides(video, plan)
    angle = 2 * _TURN * min(sides) / max(sides)
    bounds = f"maxshift={int(_SHIFT * min(sides))}:maxangle={angle!r}:optzoom=0:zoom={_ZOOM_PERCENT}"
    path = f"input={quoted(motion)}:smoothing={_SMOOTHED_FRAMES}"
    yield f"vidstabtransform={path}:{bounds}:crop=black:interpol=bicubic"
    left = _enlarged(plan.crop.x_px, plan.crop.width_px, video.width_px, sides[0], width)
    top = _enlarged(plan.crop.y_px, plan.crop.height_px, video.height_px, sides[1], height)
    yield f"crop={width}:{height}:{left}:{top}:exact=1"
    yield "format=rgb24"


def _enlarged(start_px: int, length_px: int, source_px: int, whole_px: int, kept_px: int) -> int:
    """Where the crop starts on one axis, so that its centre keeps its place in the source, if possible."""
    off_centre = (start_px + length_px / 2) / source_px - 0.5
    middle = whole_px * (0.5 + off_centre * (1 + _ZOOM_PERCENT / 100))
    return min(max(0, round(middle - kept_px / 2)), whole_px - kept_px)
