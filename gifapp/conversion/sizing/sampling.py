"""Predicts a GIF's size from a few of its frames.

A frame costs what differs from the frame before. Short runs of frames are drawn where the clip
changes, each as likely as its changes are large (sampling with probability proportional to size:
M. Hansen and W. Hurwitz, Annals of Mathematical Statistics 14, 1943): what a run costs by its changes,
times all changes, predicts the whole.
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
from gifapp.domain.recipes.quality_ladder import EncodeSettings

Encode = Callable[[Iterable[Frame], EncodeSettings], Sequence[int]]
"""The bytes written for each of these frames in turn, and at last for the file's end.

A frame is written once the next one is known.
"""

_RUN_FRAMES = 3
_WARM_FRAMES = 2  # drawn before a run: what is left of older frames decides what a frame costs
FEWEST_RUNS = 4
_CALM = 0.3  # of the mean change: what a frame counts that does not change at all


class Sizes:
    """A file that keeps only how many bytes are written at a time."""

    def __init__(self) -> None:
        self.written: list[int] = []

    def write(self, data: bytes) -> int:
        self.written.append(len(data))
        return len(data)


@dataclass(frozen=True)
class Prediction:
    """About how large a GIF would be; exactly, where that was no more work than a sample."""

    bytes: float
    is_exact: bool


class Experience:
    """What became of predictions. Others are bent to it: by its factor, or between two by their share."""

    def __init__(self) -> None:
        self._became: list[tuple[float, float]] = []

    def add(self, prediction: Prediction, became_bytes: int) -> None:
        if not prediction.is_exact:
            self._became = sorted([*self._became, (prediction.bytes, became_bytes)])

    def bent(self, prediction: Prediction) -> float:
        if prediction.is_exact or not self._became:
            return prediction.bytes
        said, became = (np.log([pair[side] for pair in self._became]) for side in (0, 1))
        place = math.log(prediction.bytes)
        nearest = min(max(place, said[0]), said[-1])
        return math.exp(float(np.interp(place, said, became)) + place - float(nearest))


class Sample(Protocol):
    """What is known of a clip's GIFs without making them."""

    @property
    def is_screen(self) -> bool: ...
    def count(self, knobs: EncodeSettings) -> int: ...
    def duration_s(self, knobs: EncodeSettings) -> float: ...
    def weight(
        self, knobs: EncodeSettings, encode: Encode, *, most_px: int, fewest_runs: int = FEWEST_RUNS
    ) -> Prediction: ...


class Whole:
    """A clip that is kept: any of its frames may be encoded."""

    def __init__(self, clip: CachedClip) -> None:
        self.is_screen = clip.is_screen
        self._clip = clip

    def count(self, knobs: EncodeSettings) -> int:
        return self._clip.count(knobs)

    def duration_s(self, knobs: EncodeSettings) -> float:
        return self._clip.duration_cs(knobs) / 100

    def weight(
        self, knobs: EncodeSettings, encode: Encode, *, most_px: int, fewest_runs: int = FEWEST_RUNS
    ) -> Prediction:
        return predicted(self._clip, knobs, encode, most_px=most_px, fewest_runs=fewest_runs)


def predicted(
    clip: CachedClip, knobs: EncodeSettings, encode: Encode, *, most_px: int, fewest_runs: int = FEWEST_RUNS
) -> Prediction:
    """How large `clip` would be with `knobs`, from frames of about `most_px` pixels together."""
    count, px = clip.count(knobs), clip.width_px * clip.height_px * knobs.scale**2
    run_frames = _WARM_FRAMES + _RUN_FRAMES
    if count * px <= most_px or count <= fewest_runs * run_frames:
        return Prediction(sum(encode(clip.frames(knobs), knobs)), is_exact=True)
    runs = max(fewest_runs, int(most_px / px / run_frames))
    stand_for = drawn(_changes(clip, knobs), runs)
    costs = [_cost(clip, run, knobs, encode) * alike for run, alike in stand_for.items()]
    first, _ = first_and_added(clip.frames(knobs, range(run_frames)), 1, knobs, encode)
    return Prediction(first + sum(costs), is_exact=False)


def _changes(clip: CachedClip, knobs: EncodeSettings) -> list[float]:
    """How much each run changes; run 0 begins after the first frame."""
    changes = clip.changes(knobs)
    calm = _CALM * sum(changes) / len(changes) + 1e-3
    return [
        sum(change + calm for change in changes[start : start + _RUN_FRAMES])
        for start in range(0, len(changes), _RUN_FRAMES)
    ]


def drawn(changes: Sequence[float], draws: int) -> dict[int, float]:
    """The runs to look at, and for how many like it each stands.

    One that changes as much as a draw's share of all, such as a cut, stands for itself alone.
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


def _cost(clip: CachedClip, run: int, knobs: EncodeSettings, encode: Encode) -> int:
    """What the run's frames add after those before them."""
    begin = 1 + run * _RUN_FRAMES
    start = max(0, begin - _WARM_FRAMES)
    end = min(begin + _RUN_FRAMES, clip.count(knobs))
    _, cost = first_and_added(clip.frames(knobs, range(start, end)), begin - start, knobs, encode)
    return cost


def first_and_added(
    frames: Iterable[Frame], before: int, knobs: EncodeSettings, encode: Encode
) -> tuple[int, int]:
    """The bytes of the first picture, and what all but the first `before` frames add."""
    pictures = list(frames)
    # once more the last one: it adds nothing, and so the last that does is not written with another
    *written, _ = encode([*pictures, pictures[-1]], knobs)  # not the file's end
    return next(filter(None, written)), added(written, before)


def added(written: Sequence[int], before: int) -> int:
    """What all frames but the first `before` add; the first picture, drawn afresh, is none of theirs.

    Frames that look alike are written as one, which may be as late as the last of them.
    """
    fresh = next((number for number, size in enumerate(written) if size), len(written))
    return sum(written[max(before, fresh) + 1 :])
