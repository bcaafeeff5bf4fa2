"""The parts of the job system, built once and passed to web, workers and tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from gifapp.domain.limits import Allowance, Limits
from gifapp.jobs.attempts.estimates import Estimates
from gifapp.jobs.db import connection
from gifapp.jobs.events.counters import CounterStore
from gifapp.jobs.events.stream import EventStream
from gifapp.jobs.events.wakeups import WakeupQueue, make_queue
from gifapp.jobs.services.administration import Administration
from gifapp.jobs.services.jobs import JobService
from gifapp.jobs.timings import Timings
from gifapp.storage.blobs import Blobs


@dataclass(frozen=True)
class JobParts:
    """All of the jobs' parts; closing it closes the connections."""

    service: JobService
    administration: Administration
    events: EventStream
    blobs: Blobs
    estimates: Estimates
    wakeups: WakeupQueue
    limits: Limits
    allowance: Allowance
    timings: Timings
    counters: CounterStore

    @property
    def checks(self) -> dict[str, Callable[[], None]]:
        """What must be well before we are ready; each raises errors.ServiceUnavailable when it is not."""
        return {
            "mongodb": connection.ping,
            "redis": self.events.ping,
            "storage": self.blobs.check_writable,
        }

    def close(self) -> None:
        self.estimates.close()
        self.wakeups.close()
        self.events.close()
        self.counters.close()
        connection.disconnect()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def build(
    *,
    mongodb_url: str,
    redis_url: str,
    blobs: Blobs,
    secret: bytes,
    limits: Limits,
    allowance: Allowance = Allowance(),  # noqa: B008
    timings: Timings = Timings(),  # noqa: B008
) -> JobParts:
    """Connect to the servers and the storage.

    One at a time in each process: MongoEngine's connections are global.

    Raises:
        errors.ServiceUnavailable: MongoDB does not answer.
        errors.SettingInvalid, errors.DirectoryNotWritable: about the storage.
    """
    connection.connect(mongodb_url)
    events = EventStream(redis_url, kept=allowance.kept)
    wakeups = WakeupQueue(make_queue(redis_url, secret))
    estimates = Estimates(blobs, limits)
    counters = CounterStore(redis_url)
    service = JobService(
        blobs=blobs,
        estimates=estimates,
        wakeups=wakeups,
        events=events,
        counters=counters,
        limits=limits,
        allowance=allowance,
        timings=timings,
    )
    administration = Administration(service, wakeups=wakeups, events=events)
    return JobParts(
        service=service,
        administration=administration,
        events=events,
        blobs=blobs,
        estimates=estimates,
        wakeups=wakeups,
        limits=limits,
        allowance=allowance,
        timings=timings,
        counters=counters,
    )
