"""Leases on jobs: claimed, renewed, settled, released, and recovered when a worker is lost.

Each step is one conditional write with the attempt's token. None means that the lease is lost or the
job deleted: the caller must write nothing more to this job.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from random import random
from typing import Any, Self

from mongoengine import NotUniqueError

from gifapp import errors
from gifapp.domain.job import DeadLetter, Fail, JobState, Progress, Requeue, Wait, decide_retry
from gifapp.jobs.db.documents import (
    END_OF_LEASE,
    LONG_AGO,
    ErrorPart,
    GifPart,
    JobDocument,
    ProgressPart,
    utc_now,
)
from gifapp.mongodb import reaching_mongodb

UNLIMITED = sys.maxsize


@dataclass(frozen=True)
class Attempt:
    """The right to run a job while its lease is renewed."""

    job_id: str
    token: int
    number: int
    max_attempts: int

    @property
    def key(self) -> str:
        """The name of the attempt's files."""
        return f"{self.job_id}-{self.token}"


def attempt_of(job: JobDocument) -> Attempt:
    """The latest attempt of a job that was claimed at least once."""
    return Attempt(job.id, job.token, job.attempts, job.max_attempts)


@dataclass(frozen=True)
class Room:
    """How many jobs may run at a time: of one owner, long ones of one owner, and long ones of everybody."""

    own: int = UNLIMITED
    own_long: int = UNLIMITED
    long: int = UNLIMITED

    def plus(self, *, own: int = 0, long: int = 0) -> Self:
        return replace(self, own=self.own + own, own_long=self.own_long + own, long=self.long + long)


@reaching_mongodb()
def claim(owner_id: str, *, worker: str, lease_s: float, room: Room = Room()) -> JobDocument | None:
    """Claim the owner's next job that has room for `worker`; None: there is none.

    Each running job occupies one of its owner's slots, and each long one a lane as well. Both are unique, so
    two concurrent claims cannot take the same.
    """
    while True:
        slot = _lowest_free("slot", room.own, owner=owner_id)
        lane = _lowest_free("lane", room.long)
        if slot is None:
            return None
        job = _next_due(owner_id, short_only=lane is None or slot >= room.own_long)
        if job is None:
            return None
        places = {"set__slot": slot} if job.is_short else {"set__slot": slot, "set__lane": lane}
        with suppress(NotUniqueError):
            claimed = _claimed(job.id, worker, lease_s, **places)
            if claimed is not None:
                return claimed


def _lowest_free(kind: str, count: int, **jobs: str) -> int | None:
    """The lowest number below `count` that no job occupies."""
    taken = set(JobDocument.objects(**{f"{kind}__exists": True}, **jobs).scalar(kind))
    return next((number for number in range(count) if number not in taken), None)


def _next_due(owner_id: str, *, short_only: bool) -> JobDocument | None:
    due = JobDocument.objects(state=JobState.QUEUED, owner=owner_id, run_at__lte=utc_now())
    if short_only:
        due = due.filter(is_short=True)
    return due.order_by("rank_at", "id").first()


def _claimed(job_id: str, worker: str, lease_s: float, **places: Any) -> JobDocument | None:
    now = utc_now()
    return JobDocument.objects(id=job_id, state=JobState.QUEUED).modify(
        new=True,
        set__state=JobState.RUNNING,
        inc__token=1,
        inc__attempts=1,
        set__lease_until=now + timedelta(seconds=lease_s),
        set__worker=worker,
        set__progress=ProgressPart(),
        set__cancel_requested=False,
        set__started_at=now,
        unset__error=True,
        **places,
    )


@reaching_mongodb()
def renew(attempt: Attempt, *, lease_s: float, progress: Progress) -> JobDocument | None:
    """Extend the lease and store the progress; returns the job."""
    lease_until = utc_now() + timedelta(seconds=lease_s)
    return _held(attempt).modify(
        new=True,
        set__lease_until=lease_until,
        set__progress=ProgressPart(**progress.model_dump()),
    )


@reaching_mongodb()
def succeed(attempt: Attempt, gif: GifPart) -> JobDocument | None:
    return _settle(_held(attempt), JobState.SUCCEEDED, set__gif=gif, set__progress__fraction=1.0)


@reaching_mongodb()
def cancel(attempt: Attempt) -> JobDocument | None:
    """Settle as cancelled."""
    return _settle(_held(attempt), JobState.CANCELLED)


@reaching_mongodb()
def fail(attempt: Attempt, error: errors.GifappError) -> JobDocument | None:
    """Settle as failed or dead, or requeue with a delay, as `decide_retry` decides."""
    return _after_error(_held(attempt), attempt, error)


@reaching_mongodb()
def release(attempt: Attempt) -> JobDocument | None:
    """Requeue at once, without counting the attempt."""
    return _queue_again(
        _held(attempt), inc__attempts=-1, set__progress=ProgressPart(), unset__started_at=True
    )


@reaching_mongodb()
def release_all() -> None:
    """Release every lease; call it only when no worker is alive."""
    for job in JobDocument.objects(state=JobState.RUNNING):
        release(attempt_of(job))


@reaching_mongodb()
def may_settle(key: str) -> bool:
    """Whether the attempt with this key still holds its lease, and so may settle with its GIF."""
    job_id, _, token = key.rpartition("-")
    return JobDocument.objects(id=job_id, token=int(token), state=JobState.RUNNING).first() is not None


@reaching_mongodb()
def expired() -> list[JobDocument]:
    """The running jobs whose lease has expired."""
    return list(JobDocument.objects(state=JobState.RUNNING, lease_until__lt=utc_now()))


@reaching_mongodb()
def is_held(key: str) -> bool:
    """Like `may_settle`, but False for a key without a token. Once False, it never becomes True again."""
    job_id, _, token = key.rpartition("-")
    running = JobDocument.objects(id=job_id, state=JobState.RUNNING)
    return token.isdecimal() and running.filter(token=int(token)).first() is not None


@reaching_mongodb()
def take_back(lost: JobDocument) -> JobDocument | None:
    """Requeue a job of `expired()`, or settle it as cancelled or dead; its attempt can no longer settle."""
    attempt = attempt_of(lost)
    held = _held(attempt).filter(lease_until__lt=utc_now())
    cancelled = _settle(held.filter(cancel_requested=True), JobState.CANCELLED)
    return cancelled or _after_error(held, attempt, errors.WorkerLost())


def _held(attempt: Attempt) -> Any:
    return JobDocument.objects(id=attempt.job_id, token=attempt.token, state=JobState.RUNNING)


def _queue_again(held: Any, **changes: Any) -> JobDocument | None:
    """Requeue, or cancel if that was requested: a cancel request outlives the attempt."""
    queued = held.filter(cancel_requested=False).modify(
        new=True, set__state=JobState.QUEUED, set__notified_at=LONG_AGO, **changes, **END_OF_LEASE
    )
    return queued or _settle(held, JobState.CANCELLED)


def _settle(held: Any, state: JobState, **changes: Any) -> JobDocument | None:
    now = utc_now()
    return held.modify(
        new=True, set__state=state, set__is_active=False, set__finished_at=now, **changes, **END_OF_LEASE
    )


def _after_error(held: Any, attempt: Attempt, error: errors.GifappError) -> JobDocument | None:
    now = utc_now()
    part = ErrorPart(code=error.code, detail=str(error), attempt=attempt.number, at=now)
    jitter = random()  # noqa: S311
    match decide_retry(
        error, attempt=attempt.number, max_attempts=attempt.max_attempts, now=now, jitter=jitter
    ):
        case Requeue(run_at):
            return _queue_again(held, set__run_at=run_at, set__error=part, push__errors=part)
        case Wait(run_at):
            held.update_one(pull__errors__code=part.code)  # it may wait for days, so keep only the latest
            return _queue_again(
                held, inc__attempts=-1, set__run_at=run_at, set__error=part, push__errors=part
            )
        case DeadLetter():
            return _settle(held, JobState.DEAD, set__error=part, push__errors=part)
        case Fail():
            return _settle(held, JobState.FAILED, set__error=part, push__errors=part)
