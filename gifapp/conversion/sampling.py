"""How large a GIF would be, from a few of its frames.

A frame costs what differs from the frame before. Short runs of frames are drawn where the clip
changes, each as likely as its changes are large (sampling with probability proportional to size:
M. Hansen and W. Hurwitz, Annals of Mathematical Statistics 14, 1943): what a run costs by its changes,
times all changes, predicts the whole.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from gifapp.conversion.frame import Frame
from gifapp.conversion.kept import KeptClip
from gifapp.domain.concessions import Knobs

Encode = Callable[[Iterable[Frame], Knobs], int]
"""The bytes of a GIF of these frames."""

_RUN_FRAMES = 3
_FEWEST_RUNS = 4
_CALM = 0.3  # of the mean change: what a frame counts that does not change at all
# measured on 17 clips: a run's first frames follow a picture drawn afresh, and cost less than theirs
FRESH = 1.06


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


def predicted(clip: KeptClip, knobs: Knobs, encode: Encode, *, most_px: int) -> Prediction:
    """How large `clip` would be with `knobs`, from frames of about `most_px` pixels together."""
    count, px = clip.count(knobs), clip.width_px * clip.height_px * knobs.scale**2
    if count * px <= most_px or count <= _FEWEST_RUNS * (_RUN_FRAMES + 2):
        return Prediction(encode(clip.frames(knobs), knobs), is_exact=True)
    runs = max(_FEWEST_RUNS, int(most_px / px / (_RUN_FRAMES + 2)))
    changes = _changes(clip, knobs)
    drawn = _drawn(changes, runs)
    costs = [_cost(clip, run, knobs, encode) / changes[run] * times for run, times in drawn.items()]
    first = encode(clip.frames(knobs, [0]), knobs)
    return Prediction(first + sum(changes) * sum(costs) / runs * FRESH, is_exact=False)


def _changes(clip: KeptClip, knobs: Knobs) -> list[float]:
    """How much each run changes; run 0 begins after the first frame."""
    changes = clip.changes(knobs)
    calm = _CALM * sum(changes) / len(changes) + 1e-3
    return [
        sum(change + calm for change in changes[start : start + _RUN_FRAMES])
        for start in range(0, len(changes), _RUN_FRAMES)
    ]


def _drawn(changes: list[float], runs: int) -> Counter[int]:
    """`runs` of them, at even steps of the changes added up, and how often each is met."""
    sums = list(accumulate(changes))
    return Counter(bisect_left(sums, (draw + 0.5) / runs * sums[-1]) for draw in range(runs))


def _cost(clip: KeptClip, run: int, knobs: Knobs, encode: Encode) -> int:
    """What the run's frames add after the one before them."""
    start = run * _RUN_FRAMES
    end = min(start + _RUN_FRAMES + 1, clip.count(knobs))
    before, *rest = clip.frames(knobs, range(start, end))
    return max(0, encode([before, *rest], knobs) - encode([before], knobs))
