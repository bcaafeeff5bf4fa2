"""Represents a long clip by short runs of frames at even distances."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from statistics import fmean

from gifapp.conversion.sizing.clip_cache import CachedClip
from gifapp.conversion.sizing.sampling import FEWEST_RUNS, Encode, Prediction, first_and_added
from gifapp.conversion.video import Video
from gifapp.domain.recipes.quality_ladder import EncodeSettings, kept_starts
from gifapp.domain.recipes.recipe import Recipe, Segment
from gifapp.domain.source_rate import match_source_rate
from gifapp.domain.timing import STANDARD_FPS

RUNS, RUN_FRAMES = 8, 6
_WARM_FRAMES = 2


class Runs:
    """The runs, of these lengths, kept in `clip`, for a GIF of `frames` frames and `duration_s`."""

    def __init__(self, clip: CachedClip, lengths: Sequence[int], frames: int, duration_s: float) -> None:
        self.is_screen = clip.is_screen
        self._clip = clip
        self._lengths = lengths
        self._frames = frames
        self._duration_s = duration_s

    def count(self, knobs: EncodeSettings) -> int:
        whole = max(1, round(self._frames * knobs.length))
        return len(kept_starts(whole, knobs.kept))

    def duration_s(self, knobs: EncodeSettings) -> float:
        return self._duration_s * knobs.length

    def weight(
        self, knobs: EncodeSettings, encode: Encode, *, most_px: int, fewest_runs: int = FEWEST_RUNS
    ) -> Prediction:
        """The first picture of a run on average, and the others as often as they come."""
        firsts: list[int] = []
        means: list[float] = []
        for numbers in self._chosen(knobs, most_px, fewest_runs):
            warm = min(_WARM_FRAMES, len(numbers) - 1)
            first, others = first_and_added(self._clip.some(numbers, knobs.scale), warm, knobs, encode)
            firsts.append(first)
            means.append(others / (len(numbers) - warm))
        return Prediction(fmean(firsts) + (self.count(knobs) - 1) * fmean(means), is_exact=False)

    def _chosen(self, knobs: EncodeSettings, most_px: int, fewest: int) -> list[Sequence[int]]:
        """Some of the runs, evenly spread."""
        runs = list(self._numbers(knobs))
        px = len(runs[0]) * self._clip.width_px * self._clip.height_px * knobs.scale**2
        return runs[:: len(runs) // min(len(runs), max(fewest, int(most_px / px)))]

    def _numbers(self, knobs: EncodeSettings) -> Iterator[Sequence[int]]:
        """The frames of each run that are kept: two at least, its ends, where fewer would be."""
        for start, length in zip(accumulate(self._lengths, initial=0), self._lengths, strict=False):
            kept = [start + number for number in kept_starts(length, knobs.kept)]
            yield kept if len(kept) > 1 else [start, start + length - 1]


def in_runs(recipe: Recipe, video: Video) -> Recipe:
    """The recipe, of runs at even distances instead of all that it asks for, one after the other."""
    ranges = [(one.start_s, min(one.end_s or video.duration_s, video.duration_s)) for one in recipe.segments]
    ranges = ranges or [(0.0, video.duration_s)]
    paced = match_source_rate(recipe, video.pace)
    run_s = RUN_FRAMES / (paced.fps or STANDARD_FPS) * paced.speed
    total_s = sum(end_s - start_s for start_s, end_s in ranges)
    starts = (_place(ranges, (number + 0.5) / RUNS * total_s, run_s) for number in range(RUNS))
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
