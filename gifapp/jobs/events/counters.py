"""Counters shared by all processes on all machines, kept in Redis; best effort.

Workers come and go and have no address to scrape, so they count here, and any web process can report
the totals. After Redis is wiped, counters restart at zero, which Prometheus handles.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import redis
import structlog

from gifapp.redis_client import make_client, reaching_redis

_log = structlog.get_logger()

_KEY = "gifapp:counters"
_PATIENCE_S = 0.5

Labels = tuple[str, ...]


class Increment(NamedTuple):
    """An amount to add to one field of the counters."""

    name: str
    labels: Labels
    part: str  # for a histogram: `sum`, `count` or a bound; for a counter: empty
    amount: float


@dataclass(frozen=True)
class Counter:
    name: str
    help: str
    labels: Labels = ()

    def increment(self, amount: float = 1, **labels: str) -> list[Increment]:
        return [Increment(self.name, tuple(labels[name] for name in self.labels), "", amount)]


@dataclass(frozen=True)
class Histogram:
    """Counts of values, cumulative per upper bound."""

    name: str
    help: str
    bounds: tuple[float, ...]
    labels: Labels = ()

    def observe(self, value: float, **labels: str) -> list[Increment]:
        key = tuple(labels[name] for name in self.labels)
        reached = (Increment(self.name, key, repr(bound), 1) for bound in self.bounds if value <= bound)
        return [Increment(self.name, key, "count", 1), Increment(self.name, key, "sum", value), *reached]


Kind = Counter | Histogram

_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0)

SUBMITTED = Counter("gifapp_jobs_submitted", "Submitted jobs, without those that returned an existing job.")
ENDED = Counter(
    "gifapp_attempts", "Ended attempts by outcome; `code` is the error's, or empty.", ("outcome", "code")
)
CONVERTING = Histogram(
    "gifapp_conversion_seconds",
    "Duration of attempts, by outcome, output format and size of the whole video.",
    _SECONDS,
    ("outcome", "format", "size"),
)
PHASES = Histogram(
    "gifapp_conversion_phase_seconds",
    "Time that successful attempts spent in each phase.",
    _SECONDS,
    ("phase", "size"),
)
WAITING = Histogram(
    "gifapp_wait_seconds", "Time from when a job could run until its attempt began.", _SECONDS
)
VIDEOS = Counter("gifapp_videos", "Uploaded videos.")
VIDEO_BYTES = Counter("gifapp_video_bytes", "Size of the uploaded videos.")
MADE_BYTES = Counter("gifapp_made_bytes", "Size of the outputs made, by format.", ("format",))

KINDS: tuple[Kind, ...] = (SUBMITTED, ENDED, CONVERTING, PHASES, WAITING, VIDEOS, VIDEO_BYTES, MADE_BYTES)


class CounterStore:
    def __init__(self, redis_url: str) -> None:
        self._redis = make_client(redis_url, timeout_s=_PATIENCE_S)

    def close(self) -> None:
        self._redis.close()

    def count(self, *steps: Iterable[Increment]) -> None:
        """Add all these increments; while Redis is down they are lost."""
        pipeline = self._redis.pipeline(transaction=False)
        for name, labels, part, amount in chain.from_iterable(steps):
            pipeline.hincrbyfloat(_KEY, json.dumps([name, labels, part]), amount)
        try:
            pipeline.execute()
        except redis.RedisError as unavailable:
            _log.debug("counters not updated", reason=str(unavailable))

    def read(self) -> Iterator[tuple[Kind, Mapping[Labels, Mapping[str, float]]]]:
        """Each counter or histogram with its series: label values to parts (see `Increment`) to amounts.

        Raises:
            errors.ServiceUnavailable
        """
        with reaching_redis():
            fields: dict[str, str] = self._redis.hgetall(_KEY)  # type: ignore[assignment]
        series: dict[str, dict[Labels, dict[str, float]]] = {kind.name: {} for kind in KINDS}
        for field, value in fields.items():
            name, labels, part = json.loads(field)
            if name in series:  # another version may have other counters
                series[name].setdefault(tuple(labels), {})[part] = float(value)
        yield from ((kind, series[kind.name]) for kind in KINDS)
