"""Predicts a file's size from a sample of its frames.

A frame's size depends on what differs from the frame before. Short runs of frames are sampled with a
probability proportional to their changes (M. Hansen and W. Hurwitz, Annals of Mathematical Statistics 14,
1943): a run's bytes per change, times all changes, predict the whole.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

import numpy as np

from gifapp.conversion.frame import Frame
from gifapp.conversion.sizing.clip_cache import CachedClip
from gifapp.conversion.sizing.trials import Sampling
from gifapp.domain.recipes.quality_ladder import EncodeSettings

Encode = Callable[[Iterable[Frame], EncodeSettings], Sequence[int]]
"""Returns the bytes written for each frame in turn, and finally for the file's end.

A frame is written once the next one is known.
"""

MIN_RUNS = 4
_CALM = 0.3  # of the mean change: the weight of a frame without any change


@dataclass(frozen=True)
class Prediction:
    """The predicted size of a file; exact if encoding the whole file took no longer than a sample."""

    bytes: float
    is_exact: bool


class SizeCorrection:
    """Corrects predictions by earlier results: scales by a single result, interpolates between several."""

    def __init__(self) -> None:
        self._results: list[tuple[float, float]] = []  # predicted and actual bytes

    def add(self, prediction: Prediction, became_bytes: int) -> None:
        if not prediction.is_exact:
            self._results = sorted([*self._results, (prediction.bytes, became_bytes)])

    def corrected(self, prediction: Prediction) -> float:
        if prediction.is_exact or not self._results:
            return prediction.bytes
        predicted, actual = (np.log([pair[side] for pair in self._results]) for side in (0, 1))
        place = math.log(prediction.bytes)
        nearest = min(max(place, predicted[0]), predicted[-1])
        return math.exp(float(np.interp(place, predicted, actual)) + place - float(nearest))


class Sample(Protocol):
    """A sample from which the size of a clip's files can be predicted."""

    @property
    def is_screen(self) -> bool: ...
    def count(self, settings: EncodeSettings) -> int: ...
    def duration_s(self, settings: EncodeSettings) -> float: ...
    def weight(
        self, settings: EncodeSettings, encode: Encode, *, max_px: int, min_runs: int = MIN_RUNS
    ) -> Prediction: ...


class CachedSample:
    """A fully cached clip, any of whose frames can be sampled."""

    def __init__(self, clip: CachedClip, sampling: Sampling) -> None:
        self.is_screen = clip.is_screen
        self._clip = clip
        self._sampling = sampling

    def count(self, settings: EncodeSettings) -> int:
        return self._clip.count(settings)

    def duration_s(self, settings: EncodeSettings) -> float:
        return self._clip.duration_cs(settings) / 100

    def weight(
        self, settings: EncodeSettings, encode: Encode, *, max_px: int, min_runs: int = MIN_RUNS
    ) -> Prediction:
        return predicted(self._clip, settings, encode, self._sampling, max_px=max_px, min_runs=min_runs)


def predicted(
    clip: CachedClip,
    settings: EncodeSettings,
    encode: Encode,
    sampling: Sampling,
    *,
    max_px: int,
    min_runs: int = MIN_RUNS,
) -> Prediction:
    """Predict the size of `clip` with `settings`, by encoding frames of about `max_px` pixels in total."""
    count, px = clip.count(settings), clip.width_px * clip.height_px * settings.scale**2
    run_frames = sampling.warm_frames + sampling.run_frames
    if count * px <= max_px or count <= min_runs * run_frames:
        return Prediction(sum(encode(clip.frames(settings), settings)), is_exact=True)
    runs = max(min_runs, int(max_px / px / run_frames))
    stand_for = drawn(_changes(clip, settings, sampling.run_frames), runs)
    costs = [_cost(clip, run, settings, encode, sampling) * alike for run, alike in stand_for.items()]
    first, _ = first_and_added(clip.frames(settings, range(run_frames)), 1, settings, encode)
    return Prediction(first + sum(costs), is_exact=False)


def _changes(clip: CachedClip, settings: EncodeSettings, run_frames: int) -> list[float]:
    """The total change of each run; run 0 begins after the first frame."""
    changes = clip.changes(settings)
    calm = _CALM * sum(changes) / len(changes) + 1e-3
    return [
        sum(change + calm for change in changes[start : start + run_frames])
        for start in range(0, len(changes), run_frames)
    ]


def drawn(changes: Sequence[float], draws: int) -> dict[int, float]:
    """The sampled runs, and how many similar runs each represents.

    A run with a large share of the total change, such as a scene cut, is always drawn, and stands for itself.
    """
    certain: set[int] = set()
    while True:
        rest = [0.0 if run in certain else change for run, change in enumerate(changes)]
        left = draws - len(certain)
        share = sum(rest) / max(1, left)
        outstanding = {run for run, change in enumerate(rest) if change >= share > 0}
        if left <= 1 or not outstanding:
            break
        certain |= outstanding
    sums = list(accumulate(rest))
    met = Counter(bisect_left(sums, (draw + 0.5) * share) for draw in range(left) if share > 0)
    return dict.fromkeys(certain, 1.0) | {run: times * share / changes[run] for run, times in met.items()}


def _cost(clip: CachedClip, run: int, settings: EncodeSettings, encode: Encode, sampling: Sampling) -> int:
    """The bytes that the run's frames add to those before them."""
    begin = 1 + run * sampling.run_frames
    start = max(0, begin - sampling.warm_frames)
    end = min(begin + sampling.run_frames, clip.count(settings))
    _, cost = first_and_added(clip.frames(settings, range(start, end)), begin - start, settings, encode)
    return cost


def first_and_added(
    frames: Iterable[Frame], before: int, settings: EncodeSettings, encode: Encode
) -> tuple[int, int]:
    """The bytes of the first picture, and the bytes added by the frames after the first `before`."""
    pictures = list(frames)
    # the last picture is repeated: it adds nothing, but separates the real last frame from the file's end
    *written, _ = encode([*pictures, pictures[-1]], settings)  # without the file's end
    return next(filter(None, written)), added(written, before)


def added(written: Sequence[int], before: int) -> int:
    """The bytes added by the frames after the first `before`; the first picture, drawn in full, never counts.

    Equal frames are stored as one, which may be written only after the last of them.
    """
    fresh = next((number for number, size in enumerate(written) if size), len(written))
    return sum(written[max(before, fresh) + 1 :])
