"""What people do to job documents; with `leases`, which holds what attempts do, their only writer.

Each change is one conditional update. Where the answer may be None, someone was first.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from mongoengine import NotUniqueError, Q

from gifapp import errors
from gifapp.domain.job import LEGAL_MOVES, JobState, Priority
from gifapp.domain.recipe import Recipe
from gifapp.jobs.documents import JobDocument, ProgressPart, SourceDocument, utc_now
from gifapp.mongodb import reaching_mongodb

PRIORITIES: dict[Priority, int] = {"high": 10, "normal": 0, "low": -10}

_RETRYABLE = [state for state, moves in LEGAL_MOVES.items() if state.is_final and JobState.QUEUED in moves]


class Load(NamedTuple):
    """How much there is to do: jobs that could run now, and the workers that run one."""

    queued: int
    busy_workers: frozenset[str]


@reaching_mongodb()
def add_job(
    source: SourceDocument,
    recipe: Recipe,
    *,
    priority: Priority,
    max_attempts: int,
    idempotency_key: str | None,
) -> JobDocument:
    """A new job, or the one that the owner submitted under the same key before."""
    now = utc_now()
    document = JobDocument(
        owner=source.owner,
        source=source.id,
        source_name=source.name,
        recipe=recipe.model_dump(mode="json"),
        digest=recipe.digest,
        idempotency_key=idempotency_key,
        state=JobState.QUEUED,
        priority=PRIORITIES[priority],
        run_at=now,
        max_attempts=max_attempts,
        hint_at=now,
        created_at=now,
    )
    try:
        document.save(force_insert=True)
    except NotUniqueError:
        return JobDocument.objects.get(owner=source.owner, idempotency_key=idempotency_key)
    return document


@reaching_mongodb()
def find_job(owner_id: str, job_id: str) -> JobDocument:
    """Raises errors.NotFound unless the owner has such a job."""
    found = JobDocument.objects(id=job_id, owner=owner_id).first()
    if found is None:
        raise errors.NotFound(kind="job")
    return found


@reaching_mongodb()
def jobs_of(
    owner_id: str, *, state: JobState | None, before: tuple[datetime, str] | None, limit: int
) -> list[JobDocument]:
    """Newest first; `before` is when the last one of the page before was made, and its id."""
    chosen = JobDocument.objects(owner=owner_id)
    if state is not None:
        chosen = chosen.filter(state=state)
    if before is not None:
        created_at, job_id = before
        chosen = chosen.filter(Q(created_at__lt=created_at) | Q(created_at=created_at, id__lt=job_id))
    return list(chosen.order_by("-created_at", "-id").limit(limit))


@reaching_mongodb()
def cancel_job(owner_id: str, job_id: str) -> JobDocument:
    """Cancel a queued job at once; ask the attempt of a running one to end.

    Raises:
        errors.NotFound, errors.MoveNotAllowed
    """
    while True:  # a job that moves between our two writes is looked at again
        found = find_job(owner_id, job_id)
        if found.state == JobState.CANCELLED:
            return found
        if JobState.CANCELLED not in LEGAL_MOVES[JobState(found.state)]:
            raise errors.MoveNotAllowed(state=found.state, verb="cancelled")
        cancelled = _cancel_queued(found) or _ask_running(found)
        if cancelled is not None:
            return cancelled


def _cancel_queued(job: JobDocument) -> JobDocument | None:
    return JobDocument.objects(id=job.id, state=JobState.QUEUED).modify(
        new=True, set__state=JobState.CANCELLED, set__finished_at=utc_now()
    )


def _ask_running(job: JobDocument) -> JobDocument | None:
    return JobDocument.objects(id=job.id, state=JobState.RUNNING).modify(new=True, set__cancel_requested=True)


@reaching_mongodb()
def retry_job(owner_id: str, job_id: str) -> JobDocument:
    """Queue a job that did not succeed once more, with all its attempts before it.

    Raises:
        errors.NotFound, errors.MoveNotAllowed
    """
    now = utc_now()
    queued = JobDocument.objects(id=job_id, owner=owner_id, state__in=_RETRYABLE).modify(
        new=True,
        set__state=JobState.QUEUED,
        set__attempts=0,
        set__run_at=now,
        set__hint_at=now,
        set__progress=ProgressPart(),
        set__cancel_requested=False,
        unset__error=True,
        unset__started_at=True,
        unset__finished_at=True,
    )
    if queued is None:
        raise errors.MoveNotAllowed(state=find_job(owner_id, job_id).state, verb="retried")
    return queued


@reaching_mongodb()
def remove_job(owner_id: str, job_id: str) -> JobDocument:
    """The job that is no more; an attempt that runs it finds itself fenced out.

    Raises:
        errors.NotFound
    """
    removed = JobDocument.objects(id=job_id, owner=owner_id).modify(remove=True)
    if removed is None:
        raise errors.NotFound(kind="job")
    return removed


@reaching_mongodb()
def queue_position(job: JobDocument) -> int | None:
    """1 for the next to run; None unless it is queued."""
    if job.state != JobState.QUEUED:
        return None
    ahead = Q(priority__gt=job.priority) | Q(priority=job.priority, created_at__lt=job.created_at)
    return int(JobDocument.objects(Q(state=JobState.QUEUED) & ahead).count()) + 1


@reaching_mongodb()
def is_in_use(source_id: str) -> bool:
    """Whether a job still has to read the source."""
    unfinished = JobDocument.objects(source=source_id, state__in=[JobState.QUEUED, JobState.RUNNING])
    return unfinished.first() is not None


@reaching_mongodb()
def names_gif(key: str) -> bool:
    return JobDocument.objects(gif__key=key).first() is not None


@reaching_mongodb()
def load() -> Load:
    """Counted over all owners."""
    running: list[Any] = JobDocument.objects(state=JobState.RUNNING).distinct("worker")
    return Load(count_due(), frozenset(running))


@reaching_mongodb()
def count_due() -> int:
    """How many queued jobs could run now."""
    return int(JobDocument.objects(state=JobState.QUEUED, run_at__lte=utc_now()).count())


@reaching_mongodb()
def take_hints(limit: int, *, older_than: datetime) -> list[JobDocument]:
    """Due jobs whose doorbell rang before `older_than`, longest ago first; none is given to two callers."""
    now = utc_now()
    forgotten = JobDocument.objects(state=JobState.QUEUED, run_at__lte=now, hint_at__lt=older_than)
    taken = [
        JobDocument.objects(id=job.id, state=JobState.QUEUED, hint_at=job.hint_at).modify(set__hint_at=now)
        for job in forgotten.order_by("hint_at").limit(limit)
    ]
    return [job for job in taken if job is not None]
