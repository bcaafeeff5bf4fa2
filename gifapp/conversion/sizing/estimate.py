"""Estimates the size of a recipe's file in about a second, from a few short runs of its frames.

A clip that is quick to decode is decoded whole, and the frames to encode are sampled where it changes. Of a
longer clip, evenly spaced runs are read with the same filters, as if the recipe had asked for these ranges.
With a target size, the search walks the same quality ladder as the conversion, but only on the sample.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from gifapp import errors
from gifapp.conversion.encoders import writers
from gifapp.conversion.frame_store import FrameStore
from gifapp.conversion.gif.style import Style
from gifapp.conversion.plan import Plan, make_plan
from gifapp.conversion.play_times import shown_cs
from gifapp.conversion.probing.probe import probed
from gifapp.conversion.progress import Reporter
from gifapp.conversion.render import platform_limits
from gifapp.conversion.render.rendering import Rendering, rendered
from gifapp.conversion.report import Estimate
from gifapp.conversion.sizing.clip_cache import CachedClip
from gifapp.conversion.sizing.grain import denoise_note, window_starts
from gifapp.conversion.sizing.ladder_search import ladder_of, mildest_fitting
from gifapp.conversion.sizing.runs import Runs, in_edited_runs, in_runs
from gifapp.conversion.sizing.sampling import MIN_RUNS, CachedSample, Prediction, Sample
from gifapp.conversion.sizing.trials import Trials, sampling_of, side_step_px, trials_of
from gifapp.conversion.video import Video
from gifapp.domain.job import Progress
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.outcome import Outcome, outcome
from gifapp.domain.recipes.preset_limits import preset_of, within_preset
from gifapp.domain.recipes.quality_ladder import EncodeSettings, GifStats, given_up
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.source_rate import match_source_rate
from gifapp.domain.timing import delays_cs

# source pixels: under a second of decoding; sampled runs take longer, since each needs a seek and a lead-in
_QUICK_PX = 1_000_000_000
_KEPT_PX = 64_000_000  # GIF pixels: 192 MB on disk
_SAMPLE_PX = 3_000_000  # GIF pixels: a quarter of a second of encoding
_STEP_PX = 800_000  # per step down the ladder, of which there are about ten; a whole emoji is no larger
_STEP_RUNS = 2
_AIM = 0.94  # the share of the target to aim at
_MIN_PREDICTED_SHARE = 0.7  # no file turns out smaller than this share of its predicted size


def estimate(
    path: Path,
    recipe: Recipe,
    *,
    limits: Limits,
    video: Video | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Estimate:
    """Estimate the size of the recipe's file; `video` is the probe's result, if known.

    Raises:
        errors.TargetTooSmall: no file could be that small, judging by the sample.
        errors.GifappError: see `pipeline.convert_file`; and whatever `on_progress` raises.
    """
    reporter = Reporter(on_progress or _ignore_progress, limits.deadline_s)
    video = probed(video, path, limits=limits)
    recipe = within_preset(recipe)
    plan = make_plan(video, recipe, limits)  # also checks the recipe's own ranges, which runs replace
    expected = _outcome(video, recipe, plan)
    if _is_quick(video, plan, expected):
        with rendered(path, video, recipe, limits=limits, reporter=reporter) as whole:
            rendering = platform_limits.within(whole, preset_of(recipe))
            return _of_whole(writers.prepared(rendering, recipe.format), recipe, limits, reporter)
    # each run is read from a key frame on, of an animation from its first picture; the deadline limits that
    limits = replace(limits, max_composed_pixels=sys.maxsize, max_decoded_pixels=sys.maxsize)
    sampled, lengths = _runs(video, recipe, limits)
    with rendered(path, video, sampled, limits=limits, reporter=reporter) as runs:
        on_canvas = platform_limits.on_canvas(runs, preset_of(recipe))
        prepared = writers.prepared(on_canvas, recipe.format)
        return _of_runs(prepared, lengths, recipe, expected, limits=limits, reporter=reporter)


def _ignore_progress(progress: Progress) -> None:
    """The default for `on_progress`."""


def _outcome(video: Video, recipe: Recipe, plan: Plan) -> Outcome:
    predicted = outcome(
        match_source_rate(recipe, video.pace),
        width_px=video.width_px,
        height_px=video.height_px,
        duration_s=video.duration_s,
        is_still=video.fps is None,
    )
    if not plan.edited:
        return predicted
    delays = shown_cs(plan)
    return replace(predicted, frames=len(delays), duration_s=sum(delays) / 100)


def _runs(video: Video, recipe: Recipe, limits: Limits) -> tuple[Recipe, list[int]]:
    """The recipe of a few runs of the frames, and the length of each run."""
    run_frames = sampling_of(recipe.format).long_run_frames
    if recipe.frames:
        return in_edited_runs(recipe, run_frames)
    sampled = in_runs(recipe, video, run_frames)
    return sampled, [cut.frames for cut in make_plan(video, sampled, limits).cuts]


def _is_quick(video: Video, plan: Plan, expected: Outcome) -> bool:
    decoded_s = plan.duration_s * plan.recipe.speed * (1 + plan.recipe.look.stabilise)
    decoded_px = decoded_s * (video.fps or 1) * video.stored_width_px * video.stored_height_px
    kept_px = expected.frames * expected.width_px * expected.height_px
    return decoded_px <= _QUICK_PX and kept_px <= _KEPT_PX


def _of_whole(rendering: Rendering, recipe: Recipe, limits: Limits, reporter: Reporter) -> Estimate:
    with _cached(rendering, recipe, reporter) as clip:
        sample = CachedSample(clip, sampling_of(recipe.format))
        estimate = _estimated(sample, rendering, recipe, limits, reporter)
        return _with_advice(
            estimate,
            clip,
            [len(clip)],
            rendering=rendering,
            recipe=recipe,
            limits=limits,
            reporter=reporter,
        )


def _of_runs(
    runs: Rendering,
    lengths: list[int],
    recipe: Recipe,
    expected: Outcome,
    *,
    limits: Limits,
    reporter: Reporter,
) -> Estimate:
    delays = delays_cs(expected.duration_s, expected.frames / expected.duration_s)
    whole = platform_limits.within(replace(runs, delays_cs=list(delays), frames=iter(())), preset_of(recipe))
    with _cached(runs, recipe, reporter) as clip:
        frames, duration_s = len(whole.delays_cs), sum(whole.delays_cs) / 100
        sampling = sampling_of(recipe.format)
        sample = Runs(clip, sampling, lengths, frames=frames, duration_s=duration_s)
        estimate = _estimated(sample, whole, recipe, limits, reporter)
        return _with_advice(
            estimate, clip, lengths, rendering=runs, recipe=recipe, limits=limits, reporter=reporter
        )


def _with_advice(
    estimate: Estimate,
    clip: CachedClip,
    lengths: list[int],
    *,
    rendering: Rendering,
    recipe: Recipe,
    limits: Limits,
    reporter: Reporter,
) -> Estimate:
    """Add a note if denoising would make the GIF much smaller; `clip` has runs of these lengths."""
    starts = [] if recipe.look.denoise or recipe.format != "gif" else window_starts(lengths)
    style = Style.of(recipe, is_lossless=rendering.is_lossless)
    advice = denoise_note(clip, starts, style, limits=limits, checkpoint=reporter.checkpoint)
    return replace(estimate, notes=(*estimate.notes, *advice))


@contextmanager
def _cached(rendering: Rendering, recipe: Recipe, reporter: Reporter) -> Iterator[CachedClip]:
    shape = (rendering.height_px, rendering.width_px, 4 if rendering.has_alpha else 3)
    with closing(FrameStore(shape)) as store:
        step_px = side_step_px(recipe.format)
        clip = CachedClip(store, rendering.width_px, rendering.height_px, step_px)
        for _ in clip.keep(rendering.frames):
            reporter.checkpoint()
        yield clip


def _estimated(
    sample: Sample, rendering: Rendering, recipe: Recipe, limits: Limits, reporter: Reporter
) -> Estimate:
    trials = trials_of(rendering, recipe, limits=limits, checkpoint=reporter.checkpoint)
    forecast = _Forecast(sample, trials, recipe, rendering.notes)
    plain = forecast.plain
    weight = forecast.weight(plain)
    target_bytes = recipe.target_bytes
    if target_bytes is None or weight <= target_bytes:
        return forecast.estimate(plain, weight)
    return forecast.fitted(target_bytes)


class _Forecast:
    """Estimates for the possible files of a rendering, based on a sample."""

    def __init__(self, sample: Sample, trials: Trials, recipe: Recipe, notes: tuple[str, ...]) -> None:
        self.plain = EncodeSettings(recipe.lossy, recipe.colours)
        self._sample = sample
        self._trials = trials
        self._sampling = sampling_of(recipe.format)
        self._recipe = recipe
        self._notes = notes
        self._weights: dict[EncodeSettings, Prediction] = {}

    def weight(self, settings: EncodeSettings) -> float:
        return self._prediction(settings).bytes

    def estimate(self, settings: EncodeSettings, weight: float, notes: tuple[str, ...] = ()) -> Estimate:
        stats = self._stats(settings)
        notes = (*self._notes, *notes)
        frames = self._sample.count(settings)
        return Estimate(round(weight), frames, stats.width_px, stats.height_px, stats.duration_s, notes)

    def fitted(self, target_bytes: int) -> Estimate:
        """The approximate result of fitting the file to the target."""
        before = self._stats(self.plain)
        stages = ladder_of(self._recipe, before, looks_like_screen=self._sample.is_screen)
        settings = mildest_fitting(
            stages, _AIM * target_bytes, self.weight, max_steps=self._sampling.estimate_steps
        )
        prediction = self._prediction(settings)
        if prediction.bytes * (1 if prediction.is_exact else _MIN_PREDICTED_SHARE) > target_bytes:
            raise errors.TargetTooSmall(target_bytes=target_bytes, smallest_bytes=round(prediction.bytes))
        note = given_up(target_bytes, before, self._stats(settings))
        # the conversion takes more steps and gets closer to the target
        weight = min(target_bytes, max(prediction.bytes, _AIM * target_bytes))
        return self.estimate(settings, weight, (note,))

    def _prediction(self, settings: EncodeSettings) -> Prediction:
        if settings not in self._weights:
            max_px, runs = _SAMPLE_PX * self._sampling.times, MIN_RUNS
            if settings != self.plain:
                max_px, runs = _STEP_PX, _STEP_RUNS
            self._weights[settings] = self._sample.weight(
                settings, self._trials.sizes, max_px=max_px, min_runs=runs
            )
        return self._weights[settings]

    def _stats(self, settings: EncodeSettings) -> GifStats:
        duration_s = self._sample.duration_s(settings)
        fps = self._sample.count(settings) / duration_s
        return GifStats(settings.lossy, settings.colours, fps, *self._trials.sides(settings), duration_s)
