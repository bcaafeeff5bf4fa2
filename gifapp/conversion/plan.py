"""A recipe applied to a video: which pictures, at which size. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from gifapp import errors
from gifapp.conversion.video import Video
from gifapp.domain.limits import Limits
from gifapp.domain.outcome import fitted_size
from gifapp.domain.recipe import Crop, Recipe, Segment
from gifapp.domain.timing import frame_count

MAX_FPS = 50.0


@dataclass(frozen=True)
class Cut:
    """`frames` frames in a row, the first of which shows the source at `start_s`.

    `start_s` may lie a little before the source's start: the first picture shows there.
    """

    start_s: float
    frames: int


@dataclass(frozen=True)
class Plan:
    """What to read from the source, before the direction in which it plays."""

    cuts: tuple[Cut, ...]
    fps: float
    speed: float
    duration_s: float
    crop: Crop
    width_px: int
    height_px: int
    has_alpha: bool

    @property
    def frames(self) -> int:
        return sum(cut.frames for cut in self.cuts)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of one frame: height, width, 3 for RGB or 4 for RGBA."""
        return self.height_px, self.width_px, 4 if self.has_alpha else 3


def make_plan(video: Video, recipe: Recipe, limits: Limits) -> Plan:
    """The plan for one conversion.

    Raises:
        errors.RangeOutsideSource, errors.CropOutsideSource, errors.SourceTooLong: naming the bounds.
    """
    ranges = [_clamped(segment, video) for segment in recipe.segments or (Segment(),)]
    duration_s = sum(end_s - start_s for start_s, end_s in ranges) / recipe.speed
    _check_duration(max(duration_s, duration_s * recipe.speed), limits)
    crop = _crop(video, recipe)
    width_px, height_px = fitted_size(crop.width_px, crop.height_px, recipe)
    whole = 1 / duration_s
    fps = whole if video.fps is None else max(whole, recipe.fps)  # a lone picture is one frame
    return Plan(
        cuts=tuple(_cuts(ranges, fps, recipe.speed)),
        fps=fps,
        speed=recipe.speed,
        duration_s=duration_s,
        crop=crop,
        width_px=width_px,
        height_px=height_px,
        has_alpha=video.has_alpha,
    )


def picture_plan(video: Video, at_s: float, widest_px: int) -> Plan:
    """The plan for one picture of the whole frame, at most `widest_px` wide."""
    crop = Crop(width_px=video.width_px, height_px=video.height_px)
    width_px, height_px = fitted_size(video.width_px, video.height_px, Recipe(width_px=widest_px))
    return Plan((Cut(at_s, 1),), MAX_FPS, 1.0, 1.0, crop, width_px, height_px, video.has_alpha)


def _clamped(segment: Segment, video: Video) -> tuple[float, float]:
    if segment.start_s >= video.duration_s:
        raise errors.RangeOutsideSource(start_s=segment.start_s, duration_s=video.duration_s)
    return segment.start_s, min(segment.end_s or video.duration_s, video.duration_s)


def _check_duration(duration_s: float, limits: Limits) -> None:
    if duration_s > limits.max_duration_s:
        raise errors.SourceTooLong(duration_s=duration_s, limit_s=limits.max_duration_s)


def _crop(video: Video, recipe: Recipe) -> Crop:
    crop = recipe.crop or Crop(width_px=video.width_px, height_px=video.height_px)
    if crop.x_px + crop.width_px > video.width_px or crop.y_px + crop.height_px > video.height_px:
        raise errors.CropOutsideSource(width_px=video.width_px, height_px=video.height_px)
    return crop


def _cuts(ranges: list[tuple[float, float]], fps: float, speed: float) -> Iterator[Cut]:
    """Cut each range at the frames of the whole: rounding each by itself would add up."""
    ends = list(itertools.accumulate((stop_s - start_s) / speed for start_s, stop_s in ranges))
    total = frame_count(ends[-1], fps)
    begin_s, first = 0.0, 0
    for number, ((start_s, _), end_s) in enumerate(zip(ranges, ends, strict=True), 1):
        last = total if number == len(ranges) else min(round(end_s * fps), total)
        if last > first:
            yield Cut(start_s + (first / fps - begin_s) * speed, last - first)
        begin_s, first = end_s, max(first, last)
