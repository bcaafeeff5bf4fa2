"""The parts that web, workers and tests build once and hand down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from gifapp.domain.limits import Allowance, Limits
from gifapp.jobs import database
from gifapp.jobs.administration import Administration
from gifapp.jobs.announcer import Announcer
from gifapp.jobs.estimates import Estimates
from gifapp.jobs.progress import Events
from gifapp.jobs.queue import Doorbell, make_queue
from gifapp.jobs.service import JobService
from gifapp.jobs.tally import Tally
from gifapp.jobs.timings import Timings
from gifapp.storage.blobs import Blobs


@dataclass(frozen=True)
class JobParts:
    """All of the jobs' parts; closing it closes the connections."""

    service: JobService
    administration: Administration
    events: Events
    announcer: Announcer
    blobs: Blobs
    estimates: Estimates
    doorbell: Doorbell
    limits: Limits
    allowance: Allowance
    timings: Timings
    tally: Tally

    @property
    def checks(self) -> dict[str, Callable[[], None]]:
        """What must be well before we are ready; each raises errors.ServiceUnavailable when it is not."""
        return {
            "mongodb": database.ping,
            "redis": self.events.ping,
            "storage": self.blobs.check_writable,
        }

    def close(self) -> None:
        self.estimates.close()
        self.doorbell.close()
        self.events.close()
        self.tally.close()
        database.disconnect()

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
    database.connect(mongodb_url)
    events, doorbell = Events(redis_url), Doorbell(make_queue(redis_url, secret))
    announcer = Announcer(events, kept=allowance.kept)
    estimates = Estimates(blobs, limits)
    tally = Tally(redis_url)
    service = JobService(
        blobs=blobs,
        estimates=estimates,
        doorbell=doorbell,
        announcer=announcer,
        tally=tally,
        limits=limits,
        allowance=allowance,
        timings=timings,
    )
    administration = Administration(service, doorbell=doorbell, announcer=announcer)
    return JobParts(
        service=service,
        administration=administration,
        events=events,
        announcer=announcer,
        blobs=blobs,
        estimates=estimates,
        doorbell=doorbell,
        limits=limits,
        allowance=allowance,
        timings=timings,
        tally=tally,
    )
