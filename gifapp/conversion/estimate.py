"""How large a recipe's GIF will be, in about a second: from a few short runs of its frames.

A clip that is quickly decoded is decoded whole, and the frames to encode are drawn where it changes.
Of a longer one, runs at even distances are read with the same filters, joined as if the recipe had
asked for them.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import fmean

from gifapp.conversion import platform
from gifapp.conversion.encoder import Style, encode
from gifapp.conversion.frame import Frame
from gifapp.conversion.frame_store import FrameStore
from gifapp.conversion.kept import KeptClip
from gifapp.conversion.plan import make_plan
from gifapp.conversion.probe import probe
from gifapp.conversion.progress import Reporter
from gifapp.conversion.rendering import Rendering, rendered
from gifapp.conversion.sampling import FRESH, predicted
from gifapp.conversion.video import Video
from gifapp.domain.concessions import Knobs
from gifapp.domain.job import Progress
from gifapp.domain.limits import Limits
from gifapp.domain.outcome import Outcome, outcome
from gifapp.domain.pace import at_its_pace
from gifapp.domain.platform import preset_of, within_preset
from gifapp.domain.recipe import Recipe, Segment

_QUICK_PX = 300_000_000  # of the source: half a second's decoding
_KEPT_PX = 40_000_000  # of the GIF: 120 MB on the disk
_SAMPLE_PX = 5_000_000  # of the GIF: less than half a second's encoding
_RUNS, _RUN_FRAMES = 8, 5
_LANDING = 0.94  # where a GIF that must fit is aimed at, by its target


@dataclass(frozen=True)
class Estimate:
    """A GIF that was not made: about so many bytes, and what else is known of it."""

    bytes: int
    frames: int
    width_px: int
    height_px: int
    duration_s: float


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
        errors.GifappError: see `pipeline.convert_file`; and whatever `on_progress` raises.
    """
    reporter = Reporter(on_progress or _hear_nothing, limits.deadline_s)
    video = video or probe(path, limits=limits)
    asked = within_preset(recipe)
    known = _outcome(video, asked)
    if _is_quick(video, asked, known):
        with rendered(path, video, asked, limits=limits, reporter=reporter) as whole:
            return _of_whole(platform.within(whole, preset_of(recipe)), asked, reporter)
    make_plan(video, asked, limits)  # for its refusals: the runs have other ranges
    with rendered(path, video, _in_runs(asked, video), limits=limits, reporter=reporter) as runs:
        return _of_runs(runs, asked, known, reporter)


def _hear_nothing(progress: Progress) -> None:
    """Nobody asked."""


def _outcome(video: Video, recipe: Recipe) -> Outcome:
    return outcome(
        at_its_pace(recipe, pace_fps=video.pace_fps, is_sequence=video.is_sequence),
        width_px=video.width_px,
        height_px=video.height_px,
        duration_s=video.duration_s,
        is_still=video.fps is None,
    )


def _is_quick(video: Video, recipe: Recipe, known: Outcome) -> bool:
    decoded = known.duration_s * recipe.speed * (video.fps or 1)
    kept_px = known.frames * known.width_px * known.height_px
    return decoded * video.stored_width_px * video.stored_height_px <= _QUICK_PX and kept_px <= _KEPT_PX


def _of_whole(rendering: Rendering, recipe: Recipe, reporter: Reporter) -> Estimate:
    shape = (rendering.height_px, rendering.width_px, 4 if rendering.has_alpha else 3)
    plain = Knobs(recipe.lossy, recipe.colours)

    def encoded(frames: Iterable[Frame], _: Knobs) -> int:
        return _encoded(frames, recipe, rendering, reporter)

    with closing(FrameStore(shape)) as store:
        clip = KeptClip(store, rendering.width_px, rendering.height_px)
        for _ in clip.keep(rendering.frames):
            reporter.beat()
        weight = predicted(clip, plain, encoded, most_px=_SAMPLE_PX)
        return Estimate(
            _landed(weight.bytes, recipe),
            len(clip),
            rendering.width_px,
            rendering.height_px,
            clip.duration_cs(plain) / 100,
        )


def _of_runs(runs: Rendering, recipe: Recipe, known: Outcome, reporter: Reporter) -> Estimate:
    firsts: list[int] = []
    rests: list[float] = []
    while run := list(islice(runs.frames, _RUN_FRAMES)):
        first, whole = (_encoded(part, recipe, runs, reporter) for part in (run[:1], run))
        firsts.append(first)
        rests += [max(0, whole - first) / (len(run) - 1)] * (len(run) - 1) if len(run) > 1 else []
    weight = fmean(firsts) + (known.frames - 1) * fmean(rests or [0]) * FRESH
    return Estimate(_landed(weight, recipe), known.frames, runs.width_px, runs.height_px, known.duration_s)


def _encoded(frames: Iterable[Frame], recipe: Recipe, rendering: Rendering, reporter: Reporter) -> int:
    return encode(
        frames,
        io.BytesIO(),
        width_px=rendering.width_px,
        height_px=rendering.height_px,
        loop=recipe.loop,
        style=Style.of(recipe),
        on_frame=lambda _: reporter.beat(),
    ).bytes


def _landed(weight: float, recipe: Recipe) -> int:
    """What becomes of a GIF of this weight that must fit."""
    if recipe.target_bytes is None or weight <= recipe.target_bytes:
        return round(weight)
    return round(recipe.target_bytes * _LANDING)


def _in_runs(recipe: Recipe, video: Video) -> Recipe:
    """The recipe, of runs at even distances instead of all that it asks for, one after the other."""
    ranges = [(one.start_s, min(one.end_s or video.duration_s, video.duration_s)) for one in recipe.segments]
    ranges = ranges or [(0.0, video.duration_s)]
    run_s = _RUN_FRAMES / recipe.fps * recipe.speed
    total_s = sum(end_s - start_s for start_s, end_s in ranges)
    starts = (_place(ranges, (number + 0.5) / _RUNS * total_s, run_s) for number in range(_RUNS))
    segments = tuple(Segment(start_s=start_s, end_s=start_s + run_s) for start_s in starts)
    still = recipe.look.model_copy(update={"fade_in_s": 0.0, "fade_out_s": 0.0})
    untimed = {"crossfade_s": 0.0, "hold_s": 0.0, "direction": "forward", "look": still}
    return recipe.model_copy(update={"segments": segments, **untimed})


def _place(ranges: list[tuple[float, float]], middle_s: float, run_s: float) -> float:
    """Where in the source a run begins whose middle is `middle_s` into the ranges, joined."""
    for start_s, end_s in ranges:
        if middle_s <= end_s - start_s:
            return max(start_s, min(start_s + middle_s - run_s / 2, end_s - run_s))
        middle_s -= end_s - start_s
    return max(0.0, ranges[-1][1] - run_s)
