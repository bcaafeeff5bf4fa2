"""The sweep: requeues jobs whose lease expired and re-sends lost wake-ups.

Every worker and the web server run it in a thread. Every step is a conditional write, so any number of
sweeps may run at the same time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import structlog

from gifapp.domain.job import JobState
from gifapp.jobs.attempts import attempt_timer
from gifapp.jobs.cleanup.purge import Purge
from gifapp.jobs.cleanup.retention import Retention
from gifapp.jobs.db import job_store, leases, sources, workers
from gifapp.jobs.db.documents import utc_now
from gifapp.jobs.events.counters import CounterStore
from gifapp.jobs.events.stream import EventStream
from gifapp.jobs.events.wakeups import WakeupQueue
from gifapp.jobs.timings import Timings
from gifapp.storage.blobs import Blobs
from gifapp.storage.partial_uploads import PartialUploads

_log = structlog.get_logger()

_WAKEUPS_AT_ONCE = 500
_PATIENCE_S = 5.0  # how long to wait for a running sweep when its process exits


@dataclass(frozen=True)
class Sweep:
    blobs: Blobs
    wakeups: WakeupQueue
    events: EventStream
    timings: Timings
    purge: Purge
    retention: Retention
    counters: CounterStore

    def __call__(self) -> None:
        """Sweep once.

        Raises:
            errors.ServiceUnavailable: MongoDB is down.
        """
        self._take_back_lost_jobs()
        self._renotify()
        workers.remove_dead()
        self._remove_orphaned_attempts()
        self._remove_orphaned_uploads()
        PartialUploads(self.blobs).remove_expired(untouched_s=self.timings.upload_s)
        self.purge()
        self.retention()

    def _take_back_lost_jobs(self) -> None:
        for lost in leases.expired():
            job = leases.take_back(lost)
            if job is not None:
                about = {"job_id": job.id, "request_id": job.request_id}
                _log.warning("worker lost", worker=lost.worker, state=job.state, **about)
                if job.state == JobState.DEAD:
                    _log.error("job became a dead letter", code=job.error.code, **about)
                self.blobs.remove_attempt(leases.attempt_of(lost).key)
                self.events.job_changed(job)
                self.counters.count(attempt_timer.ended(job))

    def _remove_orphaned_attempts(self) -> None:
        for key in self.blobs.workspace.orphaned_attempts(untouched_s=self.timings.abandoned_s):
            if leases.is_held(key):
                continue  # until its lease expires and the job is requeued
            if job_store.references_gif(key):
                self.blobs.workspace.remove_scratch(key)
            else:
                self.blobs.remove_attempt(key)

    def _remove_orphaned_uploads(self) -> None:
        for upload in self.blobs.workspace.orphaned_uploads(untouched_s=self.timings.abandoned_s):
            with self.blobs.store.exclusive():
                if upload.sha256 and not sources.is_referenced(upload.sha256):
                    self.blobs.remove_source(upload.sha256)
                upload.remove()

    def _renotify(self) -> None:
        # one message per due job is enough; without this, every sweep would send more for a long queue
        waiting = self.wakeups.waiting()
        missing = 0 if waiting is None else job_store.count_due() - waiting
        if missing > 0:
            oldest = utc_now() - timedelta(seconds=self.timings.renotify_s)
            for job in job_store.claim_unnotified(min(missing, _WAKEUPS_AT_ONCE), older_than=oldest):
                self.wakeups.notify(job.id, priority=job.priority)


@contextmanager
def sweeping(sweep: Callable[[], None], *, every_s: float) -> Iterator[None]:
    """Sweep in a separate thread until the block ends."""
    stopping = threading.Event()
    thread = threading.Thread(
        target=keep_sweeping,
        args=(sweep,),
        kwargs={"every_s": every_s, "stopping": stopping},
        name="sweep",
        daemon=True,  # a sweep that waits for a dead server must not delay the exit
    )
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(min(every_s, _PATIENCE_S))


def keep_sweeping(sweep: Callable[[], None], *, every_s: float, stopping: threading.Event) -> None:
    """Sweep until `stopping` is set; errors are logged, and the next sweep tries again."""
    while not stopping.wait(every_s):
        try:
            sweep()
        except Exception:  # noqa: BLE001
            _log.exception("sweep failed")
