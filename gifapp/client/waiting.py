"""Waits for the end of a job by the event stream, from synchronous code or on an event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from gifapp import errors
from gifapp.client.retrying import with_retries
from gifapp.domain.job import JobState, Progress
from gifapp.domain.views.jobs import Event, JobView, ProgressEvent

PATIENCE_S = 120.0
_CLOSE_S = 2.0

OnJob = Callable[[JobView], None]
"""Called with the job after each change."""
Follow = Callable[[Callable[[Event], None], Callable[[bool], None]], Coroutine[Any, Any, None]]
Message = Event | bool | BaseException
"""An event; whether the stream is connected; or the error that ended it."""


def wait_for_job(
    follow: Follow,
    read_job: Callable[[], JobView],
    job_id: str,
    on_change: OnJob,
    *,
    patience_s: float = PATIENCE_S,
) -> JobView:
    """Wait until the job has ended, and return it.

    `follow` runs on a thread with its own event loop, because in a notebook the caller blocks the main one.

    Raises:
        errors.NotFound: the job was deleted.
        errors.ServiceUnavailable: there was no event stream for `patience_s`.
        errors.GifappError: whatever `follow` and `read_job` raise.
    """
    messages: SimpleQueue[Message] = SimpleQueue()
    changes = _Changes(read_job, job_id, patience_s)
    with _on_a_thread(_report(follow, messages.put)):
        while True:
            try:
                message = messages.get(timeout=changes.patience_left_s)
            except Empty:
                raise errors.ServiceUnavailable(service="gifapp") from None
            job = changes.after(message)
            if job is not None and _is_ended(job, on_change):
                return job


async def await_job(
    follow: Follow,
    read_job: Callable[[], JobView],
    job_id: str,
    on_change: OnJob,
    *,
    patience_s: float = PATIENCE_S,
) -> JobView:
    """`wait_for_job` on the running event loop; `read_job` is called on other threads."""
    messages: asyncio.Queue[Message] = asyncio.Queue()
    changes = _Changes(read_job, job_id, patience_s)
    following = asyncio.create_task(_report(follow, messages.put_nowait))
    try:
        while True:
            try:
                message = await asyncio.wait_for(messages.get(), changes.patience_left_s)
            except TimeoutError:
                raise errors.ServiceUnavailable(service="gifapp") from None
            job = await asyncio.to_thread(changes.after, message)
            if job is not None and _is_ended(job, on_change):
                return job
    finally:
        following.cancel()
        await asyncio.wait([following], timeout=_CLOSE_S)


def _is_ended(job: JobView, on_change: OnJob) -> bool:
    on_change(job)
    return job.state.is_final


@contextmanager
def _on_a_thread(work: Coroutine[Any, Any, None]) -> Iterator[None]:
    """Run `work` until the block ends. Ctrl-C ends both at any time."""
    loop = asyncio.new_event_loop()
    task = loop.create_task(work)
    thread = Thread(target=_run, args=(loop, task), name="gifapp events", daemon=True)
    thread.start()
    try:
        yield
    finally:
        with suppress(RuntimeError):  # the loop is closed: `work` has ended
            loop.call_soon_threadsafe(task.cancel)
        thread.join(_CLOSE_S)


def _run(loop: asyncio.AbstractEventLoop, task: asyncio.Task[None]) -> None:
    with suppress(asyncio.CancelledError):
        loop.run_until_complete(task)
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


async def _report(follow: Follow, put: Callable[[Message], None]) -> None:
    try:
        await follow(put, put)
    except Exception as error:  # noqa: BLE001  raised again by whoever waits
        put(error)


class _Changes:
    """Follows one job through the messages of the event stream."""

    def __init__(self, read_job: Callable[[], JobView], job_id: str, patience_s: float) -> None:
        self._read_job = read_job
        self._job_id = job_id
        self._patience_s = patience_s
        self._give_up_at: float | None = time.monotonic() + patience_s
        self._job: JobView | None = None

    @property
    def patience_left_s(self) -> float | None:
        """How long to wait for the next message; None while the stream is connected."""
        return None if self._give_up_at is None else max(0.0, self._give_up_at - time.monotonic())

    def after(self, message: Message) -> JobView | None:
        """The job, if this message changes it."""
        if isinstance(message, BaseException):
            raise message
        if isinstance(message, bool):
            self._note_connection(is_connected=message)
            return None
        if (job := self._job_in(message)) is not None:
            self._job = job
        return job

    def _note_connection(self, *, is_connected: bool) -> None:
        if is_connected:
            self._give_up_at = None
        elif self._give_up_at is None:
            self._give_up_at = time.monotonic() + self._patience_s

    def _job_in(self, event: Event) -> JobView | None:
        if event.type == "job.deleted" and event.id == self._job_id:
            raise errors.NotFound(kind="job")
        if event.progress is not None:
            return self._progressed(event.progress)
        job = event.job if event.job is not None and event.job.id == self._job_id else None
        # events lack the large parts of a recipe, and events before `ready` may have been missed
        if event.type in ("ready", "reset") or (job is not None and job.state.is_final):
            return with_retries(self._read_job)
        return job

    def _progressed(self, event: ProgressEvent) -> JobView | None:
        """The running job with this progress; None for another job or an earlier attempt."""
        job = self._job
        if job is None or job.state is not JobState.RUNNING:
            return None
        if (job.id, job.attempts) != (event.job_id, event.attempt):
            return None
        progress = Progress(phase=event.phase, fraction=event.fraction, eta_s=event.eta_s)
        return job.model_copy(update={"progress": progress})


def succeeded(job: JobView) -> JobView:
    """The job, or raise the error that it ended with."""
    if job.error is not None and job.state is not JobState.SUCCEEDED:
        raise errors.GifappError.from_response(job.error.code, job.error.detail, {})
    if job.state is JobState.CANCELLED:
        raise errors.Cancelled
    return job
