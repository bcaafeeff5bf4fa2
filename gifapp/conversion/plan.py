"""Plans a conversion: which frames to read, and at which size. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from gifapp import errors
from gifapp.conversion.edited_frames import EditedTimes, ShownFrame, shown_frames
from gifapp.conversion.seeking import decoded_from_s
from gifapp.conversion.video import Video
from gifapp.domain.filmstrip import TILE_HEIGHT_PX, TILE_WIDTH_PX, TILES, time_of
from gifapp.domain.limits import Limits
from gifapp.domain.picture_times import longest_piece_s, pieces, sampled, thinned_fps, timed
from gifapp.domain.recipes.framing import framing
from gifapp.domain.recipes.outcome import is_animated, numbering_recipe
from gifapp.domain.recipes.recipe import Crop, Recipe, Segment
from gifapp.domain.source_rate import match_source_rate
from gifapp.domain.timing import MAX_FPS, STANDARD_FPS, delays_cs, frame_count, overlaps_s

MIN_FRAME_PX = (
    20_000  # smaller frames count as this many: decoding one takes 50 µs of a video, 150 of an animation
)
MIN_CLIP_S = 0.01  # a shorter clip is still one picture, at a rate that ffmpeg can handle


@dataclass(frozen=True)
class Cut:
    """`frames` consecutive frames, the first of which shows the source at `start_s`.

    `start_s` may lie slightly before the source's start, where the first picture shows. The first `overlap`
    frames crossfade with the last ones of the previous cut. `pictures` has the number of the picture that
    each frame shows, if the source consists of pictures with their own delays.
    """

    start_s: float
    frames: int
    overlap: int = 0
    pictures: tuple[int, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What to read from the source, and what to show of it, playing forward.

    Attributes:
        cuts: the ranges to read, in order.
        fps, duration_s: of all cuts together, in one direction; the rate is an average.
        crop: the part of the upright source to read.
        width_px, height_px: the size of the frames after the recipe's rotation.
        has_alpha: whether the frames are RGBA.
        recipe: rotation, speed and look of the pictures.
        own_delays_cs: the delay of each frame that is read, if pictures keep their own delays.
        edited: the frames to show, if the recipe lists them; otherwise all show, in order.
        skipped: how many frames come before the first cut: none of them is listed.
        key_frames_only: whether to decode only key frames, which is fast, and repeat them.
        lead_s: how long the source plays before its first picture; subtitles count from there.
        key_tables: the directory of the chroma key's tables, while frames are read.
        tone_table: the tone mapping table, likewise.
        motion: how the camera moved in the cut that is being read, if it is stabilised.
    """

    cuts: tuple[Cut, ...]
    fps: float
    duration_s: float
    crop: Crop
    width_px: int
    height_px: int
    has_alpha: bool
    recipe: Recipe
    own_delays_cs: tuple[int, ...] = ()
    edited: tuple[ShownFrame, ...] = ()
    skipped: int = 0
    key_tables: Path | None = None
    tone_table: Path | None = None
    key_frames_only: bool = False
    motion: Path | None = None
    lead_s: float = 0.0

    @property
    def frames(self) -> int:
        """How many frames are read, if all are."""
        return sum(cut.frames - cut.overlap for cut in self.cuts)

    @cached_property
    def order(self) -> Sequence[int]:
        """The numbers of the frames read, as they are shown."""
        return [frame.number for frame in self.edited] or range(self.frames)

    @property
    def unrotated_sides(self) -> tuple[int, int]:
        """The width and height of the frames before the recipe's rotation."""
        sides = self.width_px, self.height_px
        return sides[::-1] if self.recipe.rotate in (90, 270) else sides

    @property
    def files(self) -> list[Path]:
        """The temporary files that the decoder reads."""
        return [path for path in (self.key_tables, self.tone_table, self.motion) if path]

    @cached_property
    def delays_cs(self) -> tuple[int, ...]:
        """The delay of each frame that is shown."""
        return tuple(frame.delay_cs for frame in self.edited) or self.read_delays_cs

    @cached_property
    def read_delays_cs(self) -> tuple[int, ...]:
        """The delay of each frame that is read, after those of the frames that are skipped."""
        return self.own_delays_cs or tuple(delays_cs(self.duration_s, self.fps))

    @cached_property
    def starts_s(self) -> list[float]:
        """The start of each frame that is shown, and the end of the last."""
        return _starts_s(self.delays_cs)

    @cached_property
    def read_starts_s(self) -> list[float]:
        """The start of each frame of `read_delays_cs`, and the end of the last."""
        return _starts_s(self.read_delays_cs)

    @cached_property
    def edited_times(self) -> EditedTimes | None:
        """When the times of the frames read are shown, if the recipe lists frames."""
        return EditedTimes(self.edited, self.read_starts_s) if self.edited else None

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of a frame: height, width, 3 for RGB or 4 for RGBA."""
        return self.height_px, self.width_px, 4 if self.has_alpha else 3


def make_plan(video: Video, recipe: Recipe, limits: Limits) -> Plan:
    """Plan a conversion.

    Raises:
        errors.RangeOutsideSource, errors.CropOutsideSource, errors.SourceTooLong, errors.ClipTooManyPixels,
            errors.ClipFarFromKeyFrame: the recipe exceeds the source or the limits.
        errors.RecipeInvalid: the source has transparent parts and cannot be stabilised, or the list of frames
            does not fit.
    """
    _check_stabilise(video, recipe)
    numbered = numbering_recipe(recipe) if recipe.frames else recipe
    paced = match_source_rate(numbered, video.pace)
    ranges = [_clamped(segment, video) for segment in recipe.segments or (Segment(),)]
    _check_duration(sum(end_s - start_s for start_s, end_s in ranges) / min(1.0, paced.speed), limits)
    _check_crop(video, recipe)
    timeline = _timeline(video, numbered, paced, ranges)
    _check_pixels(video, recipe, ranges, timeline.cuts, limits)
    framed = framing(recipe, width_px=video.width_px, height_px=video.height_px)
    plan = Plan(
        cuts=timeline.cuts,
        fps=timeline.fps,
        duration_s=timeline.duration_s,
        crop=framed.crop,
        width_px=framed.width_px,
        height_px=framed.height_px,
        has_alpha=(video.has_alpha or recipe.chroma_key is not None) and recipe.background is None,
        recipe=recipe.model_copy(update={"speed": paced.speed, "fps": paced.fps}),
        own_delays_cs=timeline.own_delays_cs,
        lead_s=video.lead_s,
    )
    if not recipe.frames:
        return plan
    return _from_first_shown(replace(plan, edited=_edited(plan, recipe, limits)))


def _edited(plan: Plan, recipe: Recipe, limits: Limits) -> tuple[ShownFrame, ...]:
    longest_s = longest_piece_s(recipe)
    return shown_frames(
        recipe.frames, plan.read_delays_cs, longest_s=longest_s, max_duration_s=limits.max_duration_s
    )


def _from_first_shown(plan: Plan) -> Plan:
    """The plan without the frames before the first that shows, unless others are made of them."""
    skipped, look = min(plan.order), plan.recipe.look
    if look.stabilise or look.denoise or any(cut.overlap for cut in plan.cuts):
        return plan
    edited = tuple(frame._replace(number=frame.number - skipped) for frame in plan.edited)
    return replace(plan, cuts=tuple(_cuts_from(plan, skipped)), edited=edited, skipped=skipped)


def _cuts_from(plan: Plan, skipped: int) -> Iterator[Cut]:
    """The plan's cuts without their first `skipped` frames."""
    begin = 0
    for cut in plan.cuts:
        first, end = max(skipped, begin), begin + cut.frames
        if first < end:
            start_s = cut.start_s + _source_s(plan, begin, first)
            yield Cut(start_s, end - first, pictures=cut.pictures[first - begin :])
        begin = end


def _source_s(plan: Plan, begin: int, end: int) -> float:
    """How many seconds of the source the frames of one cut from `begin` to `end` show."""
    if plan.own_delays_cs:
        return (plan.read_starts_s[end] - plan.read_starts_s[begin]) * plan.recipe.speed
    return (end - begin) * plan.recipe.speed / plan.fps


def _starts_s(delays_cs: Sequence[int]) -> list[float]:
    return [start_cs / 100 for start_cs in accumulate(delays_cs, initial=0)]


class _Timeline(NamedTuple):
    cuts: tuple[Cut, ...]
    fps: float
    duration_s: float
    own_delays_cs: tuple[int, ...] = ()


def _timeline(video: Video, recipe: Recipe, paced: Recipe, ranges: list[tuple[float, float]]) -> _Timeline:
    if not video.delays_s:
        return _at_rate(ranges, paced, is_still=video.fps is None)
    fps = thinned_fps(recipe, video.delays_s, paced.speed)
    if fps is None:
        return _at_own_times(video.delays_s, ranges, paced.speed, longest_piece_s(recipe))
    thinned = _at_rate(ranges, paced.model_copy(update={"fps": fps}), is_still=False)
    step_s = paced.speed / thinned.fps
    cuts = (
        replace(cut, pictures=tuple(sampled(video.delays_s, cut.start_s, cut.frames, step_s)))
        for cut in thinned.cuts
    )
    return thinned._replace(cuts=tuple(cuts))


def _at_rate(ranges: list[tuple[float, float]], recipe: Recipe, *, is_still: bool) -> _Timeline:
    """Frames at a constant rate."""
    lengths_s = [(end_s - start_s) / recipe.speed for start_s, end_s in ranges]
    overlaps = overlaps_s(lengths_s, recipe.crossfade_s)
    duration_s = sum(lengths_s) - sum(overlaps)
    whole = 1 / max(duration_s, MIN_CLIP_S)
    is_lone = is_still and not is_animated(recipe)
    fps = whole if is_lone else max(whole, recipe.fps or STANDARD_FPS)
    starts_s = [start_s for start_s, _ in ranges]
    return _Timeline(tuple(_cuts(starts_s, lengths_s, overlaps, fps, recipe.speed)), fps, duration_s)


def _at_own_times(
    delays_s: Sequence[float], ranges: list[tuple[float, float]], speed: float, max_s: float
) -> _Timeline:
    """One frame per picture, with its own delay."""
    parts = [list(pieces(delays_s, *span, speed=speed, max_s=max_s)) for span in ranges]
    numbers, own_delays_cs = timed(parts)
    cuts = tuple(
        Cut(start_s, len(shown), pictures=tuple(shown))
        for (start_s, _), shown in zip(ranges, numbers, strict=True)
        if shown
    )
    duration_s = sum(own_delays_cs) / 100
    return _Timeline(cuts, len(own_delays_cs) / duration_s, duration_s, tuple(own_delays_cs))


def picture_plan(video: Video, at_s: float, within_px: tuple[int, int]) -> Plan:
    """Plan a single uncropped frame, at most so wide and high."""
    recipe = Recipe(width_px=within_px[0], height_px=within_px[1])
    framed = framing(recipe, width_px=video.width_px, height_px=video.height_px)
    pictures = tuple(sampled(video.delays_s, at_s, 1, MIN_CLIP_S)) if video.delays_s else ()
    return Plan(
        (Cut(at_s, 1, pictures=pictures),),
        MAX_FPS,
        1.0,
        framed.crop,
        framed.width_px,
        framed.height_px,
        video.has_alpha,
        recipe,
    )


def filmstrip_plan(video: Video) -> Plan:
    """Plan the tiles of a filmstrip, at the times of `domain.filmstrip`."""
    recipe = Recipe(width_px=TILE_WIDTH_PX, height_px=TILE_HEIGHT_PX)
    framed = framing(recipe, width_px=video.width_px, height_px=video.height_px)
    step_s = video.duration_s / TILES
    pictures: tuple[int, ...] = ()
    if video.delays_s:
        pictures = tuple(sampled(video.delays_s, time_of(0, video.duration_s), TILES, step_s))
    return Plan(
        # ffmpeg shows the last picture before the next half step, which is the middle of the tile's share
        (Cut(0.0, TILES, pictures=pictures),),
        1 / step_s,
        video.duration_s,
        framed.crop,
        framed.width_px,
        framed.height_px,
        video.has_alpha,
        recipe,
    )


def _clamped(segment: Segment, video: Video) -> tuple[float, float]:
    if segment.start_s >= video.duration_s:
        raise errors.RangeOutsideSource(start_s=segment.start_s, duration_s=video.duration_s)
    return segment.start_s, min(segment.end_s or video.duration_s, video.duration_s)


def _check_duration(duration_s: float, limits: Limits) -> None:
    if duration_s > limits.max_duration_s:
        raise errors.SourceTooLong(duration_s=duration_s, limit_s=limits.max_duration_s)


def _check_pixels(
    video: Video,
    recipe: Recipe,
    ranges: list[tuple[float, float]],
    cuts: Sequence[Cut],
    limits: Limits,
) -> None:
    """Reject clips that would take very long to read, before reading any."""
    passes = 1 + recipe.look.stabilise
    limit_px = limits.max_composed_pixels if video.is_pictures else limits.max_decoded_pixels
    own, read = frames_read(video, ranges, cuts)
    for frames, error in ((own, errors.ClipTooManyPixels), (read, errors.ClipFarFromKeyFrame)):
        clip_px = passes * frames * frame_px(video)
        if clip_px > limit_px:
            raise error(pictures=passes * frames, clip_px=clip_px, limit_px=limit_px)


def frames_read(video: Video, ranges: list[tuple[float, float]], cuts: Sequence[Cut]) -> tuple[int, int]:
    """How many frames the ranges have, and how many are decoded, with those before them that they need."""
    if video.is_pictures:
        pictures = sum(_pictures_read(cut, video) for cut in cuts)
        return pictures, pictures
    own_s = sum(end_s - start_s for start_s, end_s in ranges)
    read_s = sum(end_s - decoded_from_s(video, start_s) for start_s, end_s in ranges)
    return math.ceil(own_s * (video.fps or 0)), math.ceil(read_s * (video.fps or 0))


def frame_px(video: Video) -> int:
    """How many pixels a frame counts as."""
    stored_px = max(video.stored_width_px * video.stored_height_px, video.largest_px)
    if video.is_pictures and video.composed_px:
        stored_px = video.composed_px // len(video.delays_s)
    return max(stored_px, MIN_FRAME_PX)


def _pictures_read(cut: Cut, video: Video) -> int:
    """How many pictures are decoded, including those before the cut on which an animation builds."""
    return len(set(cut.pictures)) if video.is_sequence else max(cut.pictures, default=0) + 1


def _check_stabilise(video: Video, recipe: Recipe) -> None:
    if recipe.look.stabilise and video.has_alpha:
        problem = "does not work on sources with transparent parts; switch it off"
        raise errors.RecipeInvalid(problems=f"look.stabilise {problem}", fields={"look.stabilise": problem})


def _check_crop(video: Video, recipe: Recipe) -> None:
    crop = recipe.crop
    if crop is None:
        return
    if crop.x_px + crop.width_px > video.width_px or crop.y_px + crop.height_px > video.height_px:
        raise errors.CropOutsideSource(width_px=video.width_px, height_px=video.height_px)


def _cuts(
    starts_s: list[float], lengths_s: list[float], overlaps: list[float], fps: float, speed: float
) -> Iterator[Cut]:
    """Cut all ranges on the frame grid of the whole clip; rounding each alone would add up errors."""
    total = frame_count(sum(lengths_s) - sum(overlaps), fps)
    begin_s = 0.0
    unshared, read = 0, 0  # frame numbers; at most two cuts share a frame
    for number, (start_s, length_s) in enumerate(zip(starts_s, lengths_s, strict=True)):
        end_s = begin_s + length_s
        first = min(max(round(begin_s * fps), unshared), read)
        last = total if number == len(overlaps) else min(round(end_s * fps), total)
        if last > first:
            yield Cut(start_s + (first / fps - begin_s) * speed, last - first, read - first)
            unshared, read = read, last
        begin_s = end_s - (overlaps[number] if number < len(overlaps) else 0.0)
