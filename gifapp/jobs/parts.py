"""The parts of the job system, built once and passed to web, workers and tests."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from gifapp.domain.limits import Allowance, Limits
from gifapp.jobs.attempts.quick import ProxyConversions, QuickConversions
from gifapp.jobs.cleanup.consistency import Housekeeping
from gifapp.jobs.cleanup.purge import Purge
from gifapp.jobs.cleanup.retention import Retention
from gifapp.jobs.cleanup.sweep import Sweep
from gifapp.jobs.db import connection
from gifapp.jobs.events.counters import CounterStore
from gifapp.jobs.events.stream import EventStream
from gifapp.jobs.events.wakeups import WakeupQueue, make_queue
from gifapp.jobs.services.account_deletion import AccountDeletion
from gifapp.jobs.services.administration import Administration
from gifapp.jobs.services.batches import Batches
from gifapp.jobs.services.estimation import Estimation
from gifapp.jobs.services.filmstrips import Filmstrips
from gifapp.jobs.services.frames import Frames
from gifapp.jobs.services.jobs import Jobs
from gifapp.jobs.services.layering import Layering
from gifapp.jobs.services.previewing import Previewing
from gifapp.jobs.services.proxies import Proxies
from gifapp.jobs.services.saved_recipes import SavedRecipes
from gifapp.jobs.services.sharing import Sharing
from gifapp.jobs.services.sources import Sources
from gifapp.jobs.services.submission import Submission
from gifapp.jobs.services.uploads import Uploads
from gifapp.jobs.timings import Timings
from gifapp.storage.blobs import Blobs


class JobParts:
    """Connects to the servers; `close` closes the connections.

    Only one may exist in a process at a time: MongoEngine's connections are global.

    Attributes:
        checks: the readiness checks by name; each raises errors.ServiceUnavailable when it fails.

    Raises:
        errors.ServiceUnavailable: MongoDB does not respond.
        errors.SettingInvalid: the Redis settings are wrong.
    """

    def __init__(
        self,
        *,
        mongodb_url: str,
        redis_url: str,
        blobs: Blobs,
        secret: bytes,
        limits: Limits,
        allowance: Allowance = Allowance(),  # noqa: B008
        timings: Timings = Timings(),  # noqa: B008
    ) -> None:
        connection.connect(mongodb_url)
        self.limits, self.allowance, self.timings = limits, allowance, timings
        self.blobs = blobs
        self.events = events = EventStream(redis_url, retention=allowance.retention)
        self.wakeups = wakeups = WakeupQueue(make_queue(redis_url, secret))
        self.counters = counters = CounterStore(redis_url)
        self.quick = QuickConversions(blobs, limits)
        self._proxy_conversions = ProxyConversions(blobs, limits)

        self.sources = Sources(
            blobs=blobs, events=events, counters=counters, limits=limits, allowance=allowance
        )
        self.uploads = Uploads(self.sources, blobs=blobs, limits=limits, allowance=allowance, timings=timings)
        self.estimation = Estimation(blobs=blobs, quick=self.quick, limits=limits)
        self.previewing = Previewing(blobs=blobs, quick=self.quick, limits=limits)
        self.layering = Layering(blobs=blobs, quick=self.quick, limits=limits)
        self.proxies = Proxies(
            blobs=blobs, conversions=self._proxy_conversions, reserve_bytes=limits.reserve_bytes
        )
        self.filmstrips = Filmstrips(blobs=blobs, limits=limits)
        self.frames = Frames(blobs=blobs, limits=limits)
        self.submission = Submission(
            wakeups=wakeups,
            events=events,
            counters=counters,
            limits=limits,
            allowance=allowance,
            timings=timings,
        )
        self.jobs = Jobs(blobs=blobs, events=events, retention=allowance.retention)
        self.batches = Batches(self.jobs, blobs)
        self.sharing = Sharing(self.jobs)
        self.saved_recipes = SavedRecipes()
        self.administration = Administration(self.jobs, self.submission, wakeups=wakeups, events=events)
        self.delete_account = AccountDeletion(blobs, events)

        retention = Retention(blobs, events, allowance.retention)
        purge = Purge(blobs, timings.undo_s)
        self.sweep = Sweep(blobs, wakeups, events, timings, purge, retention, counters)
        self.housekeeping = Housekeeping(blobs, timings)
        self.checks: dict[str, Callable[[], None]] = {
            "mongodb": connection.ping,
            "redis": events.ping,
            "storage": blobs.check_writable,
        }

    def close(self) -> None:
        self.quick.close()
        self._proxy_conversions.close()
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
