"""Runs one attempt at a job: claims it, converts in a child process, stores the GIF, settles the job."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog
from structlog.contextvars import bound_contextvars

from gifapp import errors
from gifapp.domain.job import JobState, Progress
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import ProgressEvent
from gifapp.jobs.attempts.attempt_timer import AttemptTimer
from gifapp.jobs.attempts.conversion_process import (
    Conversion,
    ConversionRequest,
    Done,
    Failed,
    ProgressMessage,
)
from gifapp.jobs.attempts.forkserver import ForkServer
from gifapp.jobs.db import job_store, leases, sources
from gifapp.jobs.db.documents import GifPart, JobDocument
from gifapp.jobs.db.leases import Attempt
from gifapp.jobs.db.scheduling import claim_next
from gifapp.jobs.events.counters import CounterStore
from gifapp.jobs.events.stream import EventStream
from gifapp.jobs.events.wakeups import WakeupQueue
from gifapp.jobs.timings import Timings
from gifapp.storage.blobs import Blobs

_log = structlog.get_logger()

_LOOK_EVERY_S = 0.1
_ASK_AGAIN_S = 0.5
_SHORT_NICE, _LONG_NICE = 5, 10  # estimates, for which a user is waiting, go before both

Result = TypeVar("Result")
Write = Callable[[], JobDocument | None]


class LeaseLost(Exception):
    """The job was taken by another attempt, was deleted, or cannot be checked: stop and write nothing."""


class Drained(Exception):
    """The worker is stopping and can no longer wait for the conversion."""


class Runner:
    """Runs attempts, one at a time.

    Args:
        worker: the name under which this worker holds leases.
        max_running: how many jobs of one owner may run at a time, over all workers.
        give_up: once set, a running conversion is killed and its lease released.
    """

    def __init__(
        self,
        *,
        blobs: Blobs,
        wakeups: WakeupQueue,
        events: EventStream,
        counters: CounterStore,
        forks: ForkServer,
        limits: Limits,
        timings: Timings,
        worker: str,
        give_up: threading.Event,
        max_running: int | None = None,
    ) -> None:
        self._blobs = blobs
        self._wakeups = wakeups
        self._events = events
        self._counters = counters
        self._forks = forks
        self._limits = limits
        self._timings = timings
        self._worker = worker
        self._give_up = give_up
        self._max_running = max_running

    def run_next(self) -> bool:
        """Claim the next job and run the attempt to its end; False: there was no job to claim."""
        self._forks.ensure_running()
        claimed_at = time.monotonic()
        job = claim_next(worker=self._worker, lease_s=self._timings.lease_s, max_running=self._max_running)
        if job is None:
            return False
        lease = _Lease(leases.attempt_of(job), self._timings, AttemptTimer(job), held_since=claimed_at)
        with bound_contextvars(job_id=job.id, attempt=lease.attempt.number, request_id=job.request_id):
            self._events.job_changed(job)
            self._run(job, lease)
        return True

    def _run(self, job: JobDocument, lease: _Lease) -> None:
        try:
            settled = self._converted(job, lease)
        except LeaseLost:
            _log.warning("lease lost")
        else:
            _log.info("attempt settled", state=settled.state, error=settled.error and settled.error.code)
            if settled.state == JobState.DEAD:
                _log.error("job became a dead letter", code=settled.error.code)
            self._events.job_changed(settled)
            lease.timer.settled(settled, self._counters)

    def _converted(self, job: JobDocument, lease: _Lease) -> JobDocument:
        """The job after this attempt."""
        attempt = lease.attempt
        try:
            with (
                self._blobs.workspace.scratch(attempt.key) as scratch,
                self._request_for(job, scratch, lease) as request,
            ):
                lease.timer.video = request.video
                # within the block: if we are killed, the sweep finds the GIF by its scratch directory
                return self._published(request, self._watched(request, lease), lease)
        except errors.Cancelled:
            return lease.retry_while_held(partial(leases.cancel, attempt))
        except Drained:
            return self._released(lease)
        except LeaseLost:
            raise
        except Exception as error:  # noqa: BLE001  on any error: the job must not wait for its lease to expire
            return lease.retry_while_held(partial(leases.fail, attempt, self._translated(error)))

    @contextmanager
    def _request_for(self, job: JobDocument, scratch: Path, lease: _Lease) -> Iterator[ConversionRequest]:
        """The request for the child process, while its video is on the local disk."""
        if job.errors and job.errors[-1].code == errors.WaitingForDisk.code:
            self._check_disk()  # otherwise this attempt would only fill the disk again
        try:
            source = sources.find_source(job.owner, job.source)
        except errors.NotFound:
            raise errors.SourceGone from None
        with ExitStack() as stack:
            path = self._with_storage(lease, lambda: stack.enter_context(self._blobs.video(source.sha256)))
            yield ConversionRequest(
                path,
                sources.video_of(source),
                Recipe.parse(job.recipe),
                scratch,
                self._limits,
                nice=_SHORT_NICE if job.is_short else _LONG_NICE,
            )

    def _with_storage(self, lease: _Lease, step: Callable[[], Result]) -> Result:
        """Run a slow storage step while renewing the lease; while the storage is down, wait and retry."""
        give_up_at = time.monotonic() + self._timings.storage_s
        while True:
            try:
                return self._renewing_lease_during(lease, step)
            except errors.ServiceUnavailable:
                if time.monotonic() > give_up_at:
                    raise
            self._renewing_lease_during(lease, partial(time.sleep, _ASK_AGAIN_S))

    def _renewing_lease_during(self, lease: _Lease, step: Callable[[], Result]) -> Result:
        with ThreadPoolExecutor(1, "storage") as thread:
            future = thread.submit(step)
            while not wait([future], _LOOK_EVERY_S).done:
                self._raise_if_draining()
                lease.renew_if_due()
            return future.result()

    def _watched(self, request: ConversionRequest, lease: _Lease) -> Done:
        """Run the conversion while renewing the lease and checking for the deadline, a cancel or a drain."""
        deadline = time.monotonic() + self._limits.deadline_s + self._timings.overtime_s
        published = lease.progress
        with self._forks.convert(request) as conversion:
            while True:
                done = self._handle_message(conversion, lease)
                if done is not None:
                    return done
                if time.monotonic() > deadline:
                    raise errors.ConversionTooSlow(limit_s=self._limits.deadline_s)
                self._raise_if_draining()
                published = self._publish_progress(lease, published)

    def _raise_if_draining(self) -> None:
        if self._give_up.is_set():
            raise Drained

    def _publish_progress(self, lease: _Lease, published: Progress) -> Progress:
        """Renew the lease if it is due, and publish new progress; returns the progress published last."""
        renewed = lease.renew_if_due()
        if renewed is None or lease.progress == published:
            return published
        self._events.job_progressed(renewed.owner, lease.progress_event)
        return lease.progress

    def _handle_message(self, conversion: Conversion, lease: _Lease) -> Done | None:
        match conversion.receive(_LOOK_EVERY_S):
            case ProgressMessage(progress):
                lease.progress = progress
                lease.timer.enter_phase(progress.phase)
            case Done() as done:
                return done
            case Failed() as failed:
                if failed.trace:
                    _log.error("conversion crashed", code=failed.code, trace=failed.trace)
                raise failed.error
        return None

    def _published(self, request: ConversionRequest, done: Done, lease: _Lease) -> JobDocument:
        attempt = lease.attempt
        try:
            self._with_storage(lease, partial(self._blobs.keep_gif, request.out, attempt.key))
            has_still = request.still.exists()
            if has_still:
                self._with_storage(lease, partial(self._blobs.keep_still, request.still, attempt.key))
            gif = GifPart(key=attempt.key, has_still=has_still, **asdict(done))
            return lease.retry_while_held(partial(leases.succeed, attempt, gif))
        except Exception:
            self._remove_files(attempt)
            raise

    def _translated(self, error: Exception) -> errors.GifappError:
        if isinstance(error, errors.DiskFull):
            return self._about_the_disk()
        if isinstance(error, errors.GifappError):
            return error
        _log.error("attempt failed unexpectedly", exc_info=error)
        return errors.ConversionCrashed(reason=type(error).__name__)

    def _about_the_disk(self) -> errors.GifappError:
        """The error for a full disk, depending on whether removing the attempt's files freed enough space."""
        try:
            self._check_disk()
        except errors.DiskFull:
            return errors.WaitingForDisk()
        return errors.ServerDiskFull()

    def _check_disk(self) -> None:
        self._blobs.workspace.check_disk(0, reserve_bytes=self._limits.reserve_bytes)

    def _released(self, lease: _Lease) -> JobDocument:
        released = lease.retry_while_held(partial(leases.release, lease.attempt))
        if released.state == JobState.QUEUED:
            self._wakeups.notify(released.id, priority=released.priority)
        return released

    def _remove_files(self, attempt: Attempt) -> None:
        # The settle may have been written although its reply was lost: then the job refers to the GIF.
        # While MongoDB is down this is unknown, and the sweep that requeues the job removes the files.
        try:
            if not job_store.references_gif(attempt.key):
                self._blobs.remove_attempt(attempt.key)
        except errors.ServiceUnavailable as unavailable:
            _log.warning("attempt files not removed", reason=str(unavailable))


class _Lease:
    """A lease as its holder sees it, timed from when each request was *sent*, so it never seems longer."""

    def __init__(self, attempt: Attempt, timings: Timings, timer: AttemptTimer, *, held_since: float) -> None:
        self.attempt = attempt
        self.timer = timer
        self.progress = Progress()
        self._timings = timings
        self._renewed_at = held_since
        self._next_beat = held_since + timings.heartbeat_s

    @property
    def progress_event(self) -> ProgressEvent:
        attempt = self.attempt
        return ProgressEvent(job_id=attempt.job_id, attempt=attempt.number, **self.progress.model_dump())

    def renew_if_due(self) -> JobDocument | None:
        """Renew the lease and return the job; None: not due, or MongoDB is down but the lease still holds.

        Raises:
            LeaseLost
            errors.Cancelled: a cancel was requested.
        """
        sent_at = time.monotonic()
        if sent_at < self._next_beat:
            return None
        self._next_beat = sent_at + self._timings.heartbeat_s
        try:
            job = leases.renew(self.attempt, lease_s=self._timings.lease_s, progress=self.progress)
        except errors.ServiceUnavailable:
            self._check_still_held()
            return None
        if job is None:
            raise LeaseLost
        self._renewed_at = sent_at
        if job.cancel_requested:
            raise errors.Cancelled
        return job

    def retry_while_held(self, write: Write) -> JobDocument:
        """The result of `write`, retried while MongoDB is down and the lease holds.

        Raises:
            LeaseLost
        """
        while True:
            try:
                job = write()
            except errors.ServiceUnavailable:
                self._check_still_held()
                time.sleep(_ASK_AGAIN_S)
                continue
            if job is None:
                raise LeaseLost
            return job

    def _check_still_held(self) -> None:
        if time.monotonic() - self._renewed_at > self._timings.lease_s:
            raise LeaseLost
