"""JSON shapes of the statistics for administrators."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from gifapp.domain.views.administration import ListedJobView
from gifapp.domain.views.jobs import View

PER_DECADE = 10
BOUNDS_S = tuple(10 ** (step / PER_DECADE) for step in range(-2 * PER_DECADE, 4 * PER_DECADE + 1))
"""Seconds, from a hundredth to ten thousand, each a quarter more than the one before."""


class DistributionView(View):
    """How many took how long: `counts[i]` took up to `bounds_s[i]` and more than the bound before.

    What took longer than all bounds counts for the last one. `p50_s` and `p95_s` are read from the counts,
    and right within a tenth; None: there are none.
    """

    bounds_s: Sequence[float]
    counts: Sequence[int]
    p50_s: float | None = None
    p95_s: float | None = None

    @classmethod
    def of(cls, counts: Sequence[int]) -> DistributionView:
        """The distribution with so many beneath each of `BOUNDS_S`."""
        return cls(
            bounds_s=BOUNDS_S, counts=counts, p50_s=_quantile(counts, 0.5), p95_s=_quantile(counts, 0.95)
        )


class StepView(View):
    """The jobs that ended in the time from `at` until the next step, by how."""

    at: datetime
    succeeded: int = 0
    failed: int = 0
    dead: int = 0
    cancelled: int = 0


class ErrorCountView(View):
    """How many jobs ended for good with this error."""

    code: str
    count: int


class SlowJobView(ListedJobView):
    """A finished job and how long its last attempt took."""

    seconds: float


class StatisticsView(View):
    """What happened since a moment.

    `success_rate` is of those that succeeded, failed or died; None: there were none. `converting` and
    `waiting` are of those that succeeded: the attempt that made the GIF, and the time from submit until it.
    `people` submitted `submitted` jobs and uploaded `videos` of `bytes_in`; their GIFs have `bytes_out`.
    """

    since: datetime
    until: datetime
    step_s: float
    success_rate: float | None
    people: int
    submitted: int
    videos: int
    bytes_in: int
    bytes_out: int
    steps: Sequence[StepView]
    converting: DistributionView
    waiting: DistributionView
    errors: Sequence[ErrorCountView]
    slowest: Sequence[SlowJobView]


def _quantile(counts: Sequence[int], share: float) -> float | None:
    """Where `share` of all are beneath, as if each bound's were spread evenly over its decades."""
    wanted, seen = share * sum(counts), 0
    for number, count in enumerate(counts):
        if count and seen + count >= wanted:
            inside = (wanted - seen) / count - 1
            return float(BOUNDS_S[number] * math.pow(10, inside / PER_DECADE))
        seen += count
    return None
