"""Represents a long clip by short, evenly spaced runs of frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from statistics import fmean

from gifapp.conversion.sizing.clip_cache import CachedClip
from gifapp.conversion.sizing.sampling import MIN_RUNS, Encode, Prediction, first_and_added
from gifapp.conversion.sizing.trials import Sampling
from gifapp.conversion.video import Video
from gifapp.domain.recipes.outcome import numbering_recipe
from gifapp.domain.recipes.quality_ladder import EncodeSettings, kept_frames
from gifapp.domain.recipes.recipe import Recipe, Segment
from gifapp.domain.source_rate import match_source_rate
from gifapp.domain.timing import STANDARD_FPS

RUNS = 8


class Runs:
    """Runs of these lengths, cached in `clip`, that represent a file of `frames` frames and `duration_s`."""

    def __init__(
        self,
        clip: CachedClip,
        sampling: Sampling,
        lengths: Sequence[int],
        *,
        frames: int,
        duration_s: float,
    ) -> None:
        self.is_screen = clip.is_screen
        self._clip = clip
        self._sampling = sampling
        self._lengths = lengths
        self._frames = frames
        self._duration_s = duration_s

    def count(self, settings: EncodeSettings) -> int:
        whole = max(1, round(self._frames * settings.length))
        return len(kept_frames(whole, settings.frame_share))

    def duration_s(self, settings: EncodeSettings) -> float:
        return self._duration_s * settings.length

    def weight(
        self, settings: EncodeSettings, encode: Encode, *, max_px: int, min_runs: int = MIN_RUNS
    ) -> Prediction:
        """The mean size of a run's first frame, plus the mean size of the others times their number."""
        firsts: list[int] = []
        means: list[float] = []
        for numbers in self._chosen(settings, max_px, min_runs):
            warm = min(self._sampling.warm_frames, len(numbers) - 1)
            first, added = first_and_added(
                self._clip.at_scale(numbers, settings.scale), warm, settings, encode
            )
            firsts.append(first)
            means.append(added / (len(numbers) - warm))
        return Prediction(fmean(firsts) + (self.count(settings) - 1) * fmean(means), is_exact=False)

    def _chosen(self, settings: EncodeSettings, max_px: int, min_runs: int) -> list[Sequence[int]]:
        """Some of the runs, spread evenly."""
        runs = list(self._numbers(settings))
        px = len(runs[0]) * self._clip.width_px * self._clip.height_px * settings.scale**2
        return runs[:: len(runs) // min(len(runs), max(min_runs, int(max_px / px)))]

    def _numbers(self, settings: EncodeSettings) -> Iterator[Sequence[int]]:
        """The kept frames of each run; its first and last if there would be fewer than two."""
        for start, length in zip(accumulate(self._lengths, initial=0), self._lengths, strict=False):
            numbers = [start + number for number in kept_frames(length, settings.frame_share)]
            yield numbers if len(numbers) > 1 else [start, start + length - 1]


def in_runs(recipe: Recipe, video: Video, run_frames: int) -> Recipe:
    """The recipe with evenly spaced runs of `run_frames` instead of its own ranges."""
    whole_s = video.duration_s
    ranges = [(part.start_s, min(part.end_s or whole_s, whole_s)) for part in recipe.segments]
    ranges = ranges or [(0.0, whole_s)]
    paced = match_source_rate(recipe, video.pace)
    run_s = run_frames / (paced.fps or STANDARD_FPS) * paced.speed
    total_s = sum(end_s - start_s for start_s, end_s in ranges)
    starts = (_place(ranges, (number + 0.5) / RUNS * total_s, run_s) for number in range(RUNS))
    segments = tuple(Segment(start_s=start_s, end_s=start_s + run_s) for start_s in starts)
    still = recipe.look.model_copy(update={"fade_in_s": 0.0, "fade_out_s": 0.0})
    untimed = {"crossfade_s": 0.0, "hold_s": 0.0, "direction": "forward", "look": still}
    return recipe.model_copy(update={"segments": segments, **untimed})


def in_edited_runs(recipe: Recipe, run_frames: int) -> tuple[Recipe, list[int]]:
    """The recipe with evenly spaced runs of its list of frames, and the length of each run.

    Without text and fades, which would be shown at other times, and split frames.
    """
    count = len(recipe.frames)
    length = min(run_frames, count)
    starts = [round((number + 0.5) / RUNS * count - length / 2) for number in range(RUNS)]
    starts = [min(max(0, start), count - length) for start in starts]
    runs = tuple(edit for start in starts for edit in recipe.frames[start : start + length])
    plain = numbering_recipe(recipe)
    untimed = {"hold_s": 0.0, "direction": "forward"}
    return plain.model_copy(update={"frames": runs, **untimed}), [length] * RUNS


def _place(ranges: list[tuple[float, float]], middle_s: float, run_s: float) -> float:
    """The start in the source of a run whose middle is at `middle_s` of the joined ranges."""
    for start_s, end_s in ranges:
        if middle_s <= end_s - start_s:
            return max(start_s, min(start_s + middle_s - run_s / 2, end_s - run_s))
        middle_s -= end_s - start_s
    return max(0.0, ranges[-1][1] - run_s)
