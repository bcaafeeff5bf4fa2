"""JSON shapes of statistics for administrators."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from gifapp.domain.views.administration import ListedJobView
from gifapp.domain.views.jobs import View

PER_DECADE = 10
BOUNDS_S = tuple(10 ** (step / PER_DECADE) for step in range(-2 * PER_DECADE, 4 * PER_DECADE + 1))
"""Upper bounds of the buckets in seconds, from 0.01 to 10,000, each about a quarter more than the last."""


class DistributionView(View):
    """A histogram of durations: `counts[i]` took up to `bounds_s[i]` and more than the bound before.

    Durations beyond all bounds count in the last bucket. The percentiles `p50_s` and `p95_s` are estimated
    from the counts to within a tenth; None if there are no counts.
    """

    bounds_s: Sequence[float]
    counts: Sequence[int]
    p50_s: float | None = None
    p95_s: float | None = None

    @classmethod
    def of(cls, counts: Sequence[int]) -> DistributionView:
        """The distribution with these counts for the buckets of `BOUNDS_S`."""
        return cls(
            bounds_s=BOUNDS_S, counts=counts, p50_s=_quantile(counts, 0.5), p95_s=_quantile(counts, 0.95)
        )


class StepView(View):
    """How many jobs ended between `at` and the next step, by final state."""

    at: datetime
    succeeded: int = 0
    failed: int = 0
    dead: int = 0
    cancelled: int = 0


class ErrorCountView(View):
    """How many jobs failed for good with this error."""

    code: str
    count: int


class SlowJobView(ListedJobView):
    """A finished job and the duration of its last attempt."""

    seconds: float


class StatisticsView(View):
    """Statistics from `since` to `until`.

    `success_rate` is the share that succeeded of all jobs that succeeded, failed or died; None without any.
    `converting` and `waiting` cover succeeded jobs: the attempt that made the GIF, and the time from
    submission to its start. `people` submitted `submitted` jobs and uploaded `videos` of `bytes_in` bytes;
    their GIFs take `bytes_out`.
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
    """The duration below which `share` of all counts lie, interpolated on the bucket's logarithmic scale."""
    target, cumulative = share * sum(counts), 0
    for number, count in enumerate(counts):
        if count and cumulative + count >= target:
            inside = (target - cumulative) / count - 1
            return float(BOUNDS_S[number] * math.pow(10, inside / PER_DECADE))
        cumulative += count
    return None
