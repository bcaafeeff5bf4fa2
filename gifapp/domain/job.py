"""A job's states and transitions, its progress, and the decision whether to retry after an error."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from gifapp import errors
from gifapp.backoff import Backoff

Phase = Literal["preparing", "reading", "colours", "writing", "optimising"]
Priority = Literal["high", "normal", "low"]

BACKOFF = Backoff(first_s=5, longest_s=300)
DISK_WAIT_S = 60.0
MAX_AHEAD = timedelta(days=30)
"""How far in the future a job's `run_at` may be."""


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DEAD = "dead"

    @property
    def is_final(self) -> bool:
        """Whether a job leaves this state only when someone retries it."""
        return self not in (JobState.QUEUED, JobState.RUNNING)

    @property
    def expires(self) -> bool:
        """Whether jobs in this state expire; dead letters stay until somebody handles them."""
        return self.is_final and self is not JobState.DEAD

    @property
    def text(self) -> str:
        """A predicate for sentences about a job: the job *has failed*."""
        return _STATE_TEXTS[self]


_STATE_TEXTS = {
    JobState.QUEUED: "is queued",
    JobState.RUNNING: "is running",
    JobState.SUCCEEDED: "has succeeded",
    JobState.FAILED: "has failed",
    JobState.CANCELLED: "was cancelled",
    JobState.DEAD: "has failed",
}

LEGAL_MOVES: dict[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.CANCELLED}),
    JobState.RUNNING: frozenset(
        {
            JobState.QUEUED,
            JobState.SUCCEEDED,
            JobState.FAILED,
            JobState.CANCELLED,
            JobState.DEAD,
        }
    ),
    JobState.SUCCEEDED: frozenset(),
    JobState.FAILED: frozenset({JobState.QUEUED}),
    JobState.CANCELLED: frozenset({JobState.QUEUED}),
    JobState.DEAD: frozenset({JobState.QUEUED}),
}


class Progress(BaseModel):
    """The progress of one attempt: its phase, a fraction of all phases, and the seconds left if known."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    phase: Phase = "preparing"
    fraction: float = Field(0.0, ge=0, le=1)
    eta_s: float | None = Field(None, ge=0)


@dataclass(frozen=True)
class Fail:
    """Settle as FAILED: the same input would fail again."""


@dataclass(frozen=True)
class DeadLetter:
    """Settle as DEAD: the attempts are used up."""


@dataclass(frozen=True)
class Requeue:
    """Back to QUEUED, to run no earlier than `run_at`."""

    run_at: datetime


@dataclass(frozen=True)
class Wait:
    """Back to QUEUED until the server has the resources; does not count as an attempt."""

    run_at: datetime


def decide_retry(
    error: errors.GifappError, *, attempt: int, max_attempts: int, now: datetime, jitter: float
) -> Fail | DeadLetter | Requeue | Wait:
    """Decide what happens to a job whose attempt number `attempt` (from 1) ended in `error`.

    Transient errors are retried after capped exponential back-off; `jitter` (0 to 1) scales each delay to
    between half and all of its length, so that jobs that failed together do not retry together. A job that
    waits for disk space uses up no attempts, however long it waits.
    """
    spread = 0.5 + jitter / 2
    if isinstance(error, errors.WaitingForDisk):
        return Wait(now + timedelta(seconds=DISK_WAIT_S * spread))
    if not isinstance(error, errors.Transient):
        return Fail()
    if attempt >= max_attempts:
        return DeadLetter()
    return Requeue(now + timedelta(seconds=BACKOFF.delay_s(attempt) * spread))
