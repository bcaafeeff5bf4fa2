"""Predicts the size of a recipe's GIF in about a second, from a few short runs of its frames.

A clip that is quickly decoded is decoded whole, and the frames to encode are drawn where it changes.
Of a longer one, runs at even distances are read with the same filters, joined as if the recipe had
asked for them. What must fit goes down the same ladder as the conversion will, on the sample alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from gifapp import errors
from gifapp.conversion.frame import Frame
from gifapp.conversion.frame_store import FrameStore
from gifapp.conversion.gif.encoder import Style, encode
from gifapp.conversion.plan import make_plan
from gifapp.conversion.probing.probe import known
from gifapp.conversion.progress import Reporter
from gifapp.conversion.render import platform_limits
from gifapp.conversion.render.rendering import Rendering, rendered
from gifapp.conversion.report import Estimate
from gifapp.conversion.sizing.clip_cache import CachedClip, scaled_sides
from gifapp.conversion.sizing.ladder_search import ladder_of, mildest_fitting
from gifapp.conversion.sizing.runs import Runs, in_runs
from gifapp.conversion.sizing.sampling import FEWEST_RUNS, Prediction, Sample, Sizes, Whole
from gifapp.conversion.video import Video
from gifapp.domain.job import Progress
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.outcome import Outcome, outcome
from gifapp.domain.recipes.preset_limits import preset_of, within_preset
from gifapp.domain.recipes.quality_ladder import EncodeSettings, GifStats, given_up
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.source_rate import match_source_rate
from gifapp.domain.timing import delays_cs

# of the source: less than a second's decoding; runs, which need a seek and what comes before, take longer
_QUICK_PX = 1_000_000_000
_KEPT_PX = 64_000_000  # of the GIF: 192 MB on the disk
_SAMPLE_PX = 3_000_000  # of the GIF: a quarter of a second's encoding
_STEP_PX = 800_000  # for each of some ten steps down the ladder; an emoji is as small
_STEP_RUNS = 2
_MOST_STEPS = 6
_LANDING = 0.94  # where a GIF that must fit is aimed at, by its target
_SURELY = 0.7  # a sample is never so wrong that what is larger, even by this, would fit


def estimate(
    path: Path,
    recipe: Recipe,
    *,
    limits: Limits,
    video: Video | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Estimate:
    """What the GIF of `recipe` would weigh; `video` is what the probe said of the file, if it did.

    Raises:
        errors.TargetTooSmall: no GIF could be so small, as far as a sample can tell.
        errors.GifappError: see `pipeline.convert_file`; and whatever `on_progress` raises.
    """
    reporter = Reporter(on_progress or _hear_nothing, limits.deadline_s)
    video = known(video, path, limits=limits)
    asked = within_preset(recipe)
    expected = _outcome(video, asked)
    make_plan(video, asked, limits)  # for its refusals: runs have other ranges
    if _is_quick(video, asked, expected):
        with rendered(path, video, asked, limits=limits, reporter=reporter) as all_of_it:
            return _of_whole(platform_limits.within(all_of_it, preset_of(asked)), asked, reporter)
    # each run of an animation is drawn from its beginning; the deadline bounds that
    limits = replace(limits, max_composed_pixels=sys.maxsize)
    sampled = in_runs(asked, video)
    lengths = [cut.frames for cut in make_plan(video, sampled, limits).cuts]
    with rendered(path, video, sampled, limits=limits, reporter=reporter) as runs:
        return _of_runs(platform_limits.on_canvas(runs, preset_of(asked)), lengths, asked, expected, reporter)


def _hear_nothing(progress: Progress) -> None:
    """Nobody asked."""


def _outcome(video: Video, recipe: Recipe) -> Outcome:
    return outcome(
        match_source_rate(recipe, video.pace),
        width_px=video.width_px,
        height_px=video.height_px,
        duration_s=video.duration_s,
        is_still=video.fps is None,
    )


def _is_quick(video: Video, recipe: Recipe, expected: Outcome) -> bool:
    decoded = expected.duration_s * recipe.speed * (video.fps or 1)
    kept_px = expected.frames * expected.width_px * expected.height_px
    return decoded * video.stored_width_px * video.stored_height_px <= _QUICK_PX and kept_px <= _KEPT_PX


def _of_whole(rendering: Rendering, recipe: Recipe, reporter: Reporter) -> Estimate:
    with _kept(rendering, reporter) as clip:
        return _told(Whole(clip), rendering, recipe, reporter)


def _of_runs(
    runs: Rendering, lengths: list[int], recipe: Recipe, expected: Outcome, reporter: Reporter
) -> Estimate:
    delays = delays_cs(expected.duration_s, expected.frames / expected.duration_s)
    told = platform_limits.within(replace(runs, delays_cs=list(delays), frames=iter(())), preset_of(recipe))
    with _kept(runs, reporter) as clip:
        frames, duration_s = len(told.delays_cs), sum(told.delays_cs) / 100
        return _told(Runs(clip, lengths, frames, duration_s), told, recipe, reporter)


@contextmanager
def _kept(rendering: Rendering, reporter: Reporter) -> Iterator[CachedClip]:
    shape = (rendering.height_px, rendering.width_px, 4 if rendering.has_alpha else 3)
    with closing(FrameStore(shape)) as store:
        clip = CachedClip(store, rendering.width_px, rendering.height_px)
        for _ in clip.keep(rendering.frames):
            reporter.checkpoint()
        yield clip


def _told(sample: Sample, rendering: Rendering, recipe: Recipe, reporter: Reporter) -> Estimate:
    forecast = _Forecast(sample, rendering, recipe, reporter)
    plain = forecast.plain
    weight = forecast.weight(plain)
    target_bytes = recipe.target_bytes
    if target_bytes is None or weight <= target_bytes:
        return forecast.told(plain, weight)
    return forecast.fitted(target_bytes)


class _Forecast:
    """What a sample says of the GIFs that could be made of a rendering."""

    def __init__(self, sample: Sample, rendering: Rendering, recipe: Recipe, reporter: Reporter) -> None:
        self.plain = EncodeSettings(recipe.lossy, recipe.colours)
        self._sample = sample
        self._rendering = rendering
        self._style = Style.of(recipe, is_lossless=rendering.is_lossless)
        self._recipe = recipe
        self._reporter = reporter
        self._weights: dict[EncodeSettings, Prediction] = {}

    def weight(self, knobs: EncodeSettings) -> float:
        return self._prediction(knobs).bytes

    def told(self, knobs: EncodeSettings, weight: float, notes: tuple[str, ...] = ()) -> Estimate:
        shown = self._shown(knobs)
        notes = (*self._rendering.notes, *notes)
        frames = self._sample.count(knobs)
        return Estimate(round(weight), frames, shown.width_px, shown.height_px, shown.duration_s, notes)

    def fitted(self, target_bytes: int) -> Estimate:
        """What the conversion will come to, more or less, on its way to fit."""
        before = self._shown(self.plain)
        stages = ladder_of(self._recipe, before, looks_like_screen=self._sample.is_screen)
        knobs = mildest_fitting(stages, _LANDING * target_bytes, self.weight, most_steps=_MOST_STEPS)
        told = self._prediction(knobs)
        if told.bytes * (1 if told.is_exact else _SURELY) > target_bytes:
            raise errors.TargetTooSmall(target_bytes=target_bytes, smallest_bytes=round(told.bytes))
        note = given_up(target_bytes, before, self._shown(knobs))
        # the conversion takes more steps, and comes nearer than this one did
        return self.told(knobs, min(target_bytes, max(told.bytes, _LANDING * target_bytes)), (note,))

    def _prediction(self, knobs: EncodeSettings) -> Prediction:
        if knobs not in self._weights:
            most_px, runs = (_SAMPLE_PX, FEWEST_RUNS) if knobs == self.plain else (_STEP_PX, _STEP_RUNS)
            self._weights[knobs] = self._sample.weight(
                knobs, self._encoded, most_px=most_px, fewest_runs=runs
            )
        return self._weights[knobs]

    def _encoded(self, frames: Iterable[Frame], knobs: EncodeSettings) -> list[int]:
        sizes = Sizes()
        out: Any = sizes
        width_px, height_px = self._sides(knobs)
        encode(
            frames,
            out,
            width_px=width_px,
            height_px=height_px,
            loop=self._rendering.loop,
            style=replace(self._style, colours=knobs.colours, lossy=knobs.lossy),
            checkpoint=self._reporter.checkpoint,
        )
        return sizes.written

    def _shown(self, knobs: EncodeSettings) -> GifStats:
        duration_s = self._sample.duration_s(knobs)
        fps = self._sample.count(knobs) / duration_s
        return GifStats(knobs.lossy, knobs.colours, fps, *self._sides(knobs), duration_s)

    def _sides(self, knobs: EncodeSettings) -> tuple[int, int]:
        return scaled_sides(self._rendering.width_px, self._rendering.height_px, knobs.scale)
