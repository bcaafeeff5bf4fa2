"""Queries and updates of job documents for their owner; see `leases` for those of attempts.

Each update is one conditional write. Where one returns None, another process was first.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from mongoengine import NotUniqueError, Q
from pymongo import UpdateOne
from structlog.contextvars import get_contextvars

from gifapp import errors
from gifapp.domain.job import LEGAL_MOVES, JobState, Priority
from gifapp.domain.job_query import searched_text
from gifapp.domain.recipes.output_names import stem_of
from gifapp.domain.recipes.recipe import Recipe
from gifapp.jobs.db.documents import (
    END_OF_LEASE,
    LONG_AGO,
    JobDocument,
    ProgressPart,
    SourceDocument,
    utc_now,
)
from gifapp.jobs.db.queue_pause import is_paused
from gifapp.jobs.db.scheduling import PRIORITIES, rank_of
from gifapp.mongodb import reaching_mongodb

_BATCH = 500
_EXPIRING = [state for state in JobState if state.expires]
_UNFINISHED = [state for state in JobState if not state.is_final]
_END_OF_KEY = {"unset__idempotency_key": True}  # a deleted job must not answer a submission with its key
_RETRYABLE = [state for state, moves in LEGAL_MOVES.items() if state.is_final and JobState.QUEUED in moves]


class Load(NamedTuple):
    """The number of jobs that could run now, and the workers that are running one."""

    queued: int
    busy_workers: frozenset[str]


@reaching_mongodb()
def add_job(
    source: SourceDocument,
    recipe: Recipe,
    *,
    fingerprint: str,
    priority: Priority,
    run_at: datetime | None,
    is_short: bool,
    max_attempts: int,
    idempotency_key: str | None,
) -> JobDocument | None:
    """Add a job; None: one with this key or fingerprint exists already (see `find_same`)."""
    now = utc_now()
    due = max(now, run_at or now)
    document = JobDocument(
        owner=source.owner,
        source=source.id,
        source_name=source.name,
        searched_text=searched_text([source.name], recipe),
        recipe=recipe.model_dump(mode="json"),
        fingerprint=fingerprint,
        idempotency_key=idempotency_key,
        request_id=get_contextvars().get("request_id"),
        state=JobState.QUEUED,
        priority=PRIORITIES[priority],
        rank_at=rank_of(due, PRIORITIES[priority]),
        run_at=due,
        is_short=is_short,
        max_attempts=max_attempts,
        notified_at=now if due == now else LONG_AGO,
        created_at=now,
    )
    try:
        document.save(force_insert=True)
    except NotUniqueError:
        return None
    return document


@reaching_mongodb()
def find_same(owner_id: str, *, fingerprint: str, idempotency_key: str | None) -> JobDocument | None:
    """The owner's job with this key, or the newest active or successful one with this fingerprint."""
    mine = JobDocument.objects(owner=owner_id)
    made = Q(is_active=True) | Q(state=JobState.SUCCEEDED)
    by_key = mine.filter(idempotency_key=idempotency_key).first() if idempotency_key else None
    return by_key or mine.filter(made, fingerprint=fingerprint).order_by("-created_at").first()


@reaching_mongodb()
def find_job(owner_id: str, job_id: str) -> JobDocument:
    """Raises errors.NotFound unless the owner has such a job."""
    job = JobDocument.objects(id=job_id, owner=owner_id).first()
    if job is None:
        raise errors.NotFound(kind="job")
    return job


@reaching_mongodb()
def rename_job(owner_id: str, job_id: str, name: str) -> JobDocument:
    """Name a job's GIF; the video's own name, with or without its suffix, restores the default.

    Raises:
        errors.NotFound
    """
    job = find_job(owner_id, job_id)
    is_default = name in (job.source_name, stem_of(job.source_name))
    names = [job.source_name] if is_default else [job.source_name, name]
    renamed = JobDocument.objects(id=job_id, owner=owner_id).modify(
        new=True,
        **({"unset__name": True} if is_default else {"set__name": name}),
        set__searched_text=searched_text(names, Recipe.parse(job.recipe)),
    )
    if renamed is None:
        raise errors.NotFound(kind="job")
    return renamed


@reaching_mongodb()
def show_source_name(source: SourceDocument) -> None:
    """Write a renamed video's name into its jobs."""
    fields = {"name": 1, "recipe.captions": 1}
    jobs = JobDocument._get_collection()  # one round trip per batch, where documents take one per job
    mine = jobs.find({"owner": source.owner, "source": source.id}, fields)
    while writes := [_with_source_name(job, source.name) for job in islice(mine, _BATCH)]:
        jobs.bulk_write(writes, ordered=False)


def _with_source_name(job: dict[str, Any], source_name: str) -> UpdateOne:
    names = [source_name, *filter(None, [job.get("name")])]
    searched = searched_text(names, Recipe.parse(job["recipe"]))
    return UpdateOne({"_id": job["_id"]}, {"$set": {"source_name": source_name, "searched_text": searched}})


@reaching_mongodb()
def cancel_job(owner_id: str, job_id: str) -> JobDocument:
    """Cancel a queued job at once; request the cancel of a running one.

    Raises:
        errors.NotFound, errors.MoveNotAllowed
    """
    while True:  # until the job's state does not change between our read and our write
        job = find_job(owner_id, job_id)
        if job.state == JobState.CANCELLED:
            return job
        if JobState.CANCELLED not in LEGAL_MOVES[JobState(job.state)]:
            raise _not_allowed(job, "cancelled")
        cancelled = _cancel_queued(job) or _ask_running(job)
        if cancelled is not None:
            return cancelled


def _not_allowed(job: JobDocument, verb: str) -> errors.MoveNotAllowed:
    return errors.MoveNotAllowed(state=job.state, state_text=JobState(job.state).text, verb=verb)


def _cancel_queued(job: JobDocument) -> JobDocument | None:
    return JobDocument.objects(id=job.id, state=JobState.QUEUED).modify(
        new=True, set__state=JobState.CANCELLED, set__is_active=False, set__finished_at=utc_now()
    )


def _ask_running(job: JobDocument) -> JobDocument | None:
    return JobDocument.objects(id=job.id, state=JobState.RUNNING).modify(new=True, set__cancel_requested=True)


@reaching_mongodb()
def retry_job(owner_id: str, job_id: str) -> JobDocument:
    """Queue a failed, dead or cancelled job again, with its full number of attempts.

    Raises:
        errors.NotFound, errors.MoveNotAllowed
        errors.JobRepeated: another job is making the same GIF.
    """
    queued = queue_again(find_job(owner_id, job_id), if_in=_RETRYABLE)
    if queued is None:
        raise _not_allowed(find_job(owner_id, job_id), "retried")
    return queued


@reaching_mongodb()
def queue_again(job: JobDocument, *, if_in: Collection[JobState]) -> JobDocument | None:
    """Queue the job again, with its full number of attempts; None: it is in none of these states.

    Raises:
        errors.JobRepeated: another job is making the same GIF.
    """
    try:
        return _queued_again(job, if_in, utc_now())
    except NotUniqueError:
        raise errors.JobRepeated from None


def _queued_again(job: JobDocument, states: Collection[JobState], now: datetime) -> JobDocument | None:
    return JobDocument.objects(id=job.id, state__in=states).modify(
        new=True,
        set__state=JobState.QUEUED,
        set__is_active=True,
        set__attempts=0,
        set__rank_at=rank_of(now, job.priority),
        set__run_at=now,
        set__notified_at=now,
        set__progress=ProgressPart(),
        set__cancel_requested=False,
        unset__error=True,
        unset__started_at=True,
        unset__finished_at=True,
    )


@reaching_mongodb()
def delete_job(owner_id: str, job_id: str) -> JobDocument:
    """Hide a job until it is restored or purged, and return it; an unfinished one is cancelled.

    Raises:
        errors.NotFound
    """
    while True:  # until the job's state does not change between our writes
        job = find_job(owner_id, job_id)
        deleted = _delete_unfinished(job) or _delete_finished(job)
        if deleted is not None:
            return deleted


def _delete_unfinished(job: JobDocument) -> JobDocument | None:
    # a running attempt loses its lease and stops
    now = utc_now()
    return JobDocument.objects(id=job.id, state__in=_UNFINISHED).modify(
        new=True,
        set__state=JobState.CANCELLED,
        set__is_active=False,
        set__finished_at=now,
        set__deleted_at=now,
        **END_OF_LEASE,
        **_END_OF_KEY,
    )


def _delete_finished(job: JobDocument) -> JobDocument | None:
    finished = JobDocument.objects(id=job.id, state__nin=_UNFINISHED)
    return finished.modify(new=True, set__deleted_at=utc_now(), **_END_OF_KEY)


@reaching_mongodb()
def restore_job(owner_id: str, job_id: str) -> JobDocument:
    """Undo the deletion of a job; a job that is not deleted is returned as it is.

    Raises:
        errors.NotFound: no such job, or it was purged.
    """
    deleted = JobDocument.with_deleted(id=job_id, owner=owner_id)
    restored = deleted.modify(new=True, unset__deleted_at=True)
    if restored is None:
        raise errors.NotFound(kind="job")
    return restored


@reaching_mongodb()
def deleted_jobs(before: datetime, *, limit: int) -> list[JobDocument]:
    """Jobs that were deleted before this time."""
    return list(JobDocument.with_deleted(deleted_at__lt=before).limit(limit))


@reaching_mongodb()
def purge_job(job: JobDocument, before: datetime) -> JobDocument | None:
    """Remove a job of `deleted_jobs()`; None: it was restored, or another process was first."""
    deleted = JobDocument.with_deleted(id=job.id, deleted_at__lt=before)
    removed: JobDocument | None = deleted.modify(remove=True)
    return removed


@reaching_mongodb()
def remove_next_of(owner_id: str) -> JobDocument | None:
    """Remove one of the owner's jobs, deleted or not, and return it; None: there are none."""
    removed: JobDocument | None = JobDocument.with_deleted(owner=owner_id).modify(remove=True)
    return removed


@reaching_mongodb()
def remove_job(owner_id: str, job_id: str) -> None:
    """Remove a job at once."""
    JobDocument.with_deleted(id=job_id, owner=owner_id).delete()


@reaching_mongodb()
def is_in_use(source_id: str) -> bool:
    """Whether a queued or running job needs the source."""
    unfinished = JobDocument.objects(source=source_id, state__in=_UNFINISHED)
    return unfinished.first() is not None


@reaching_mongodb()
def last_ends(source_ids: list[str]) -> dict[str, datetime | None]:
    """When each source's last job ended; None: one cannot expire yet. Sources without jobs are omitted."""
    expires = {"$in": ["$state", _EXPIRING]}
    group = {"_id": "$source", "expires": {"$min": expires}, "end": {"$max": "$finished_at"}}
    rows = JobDocument.objects.aggregate([{"$match": {"source": {"$in": source_ids}}}, {"$group": group}])
    return {row["_id"]: row["end"] if row["expires"] else None for row in rows}


@reaching_mongodb()
def expired_jobs(before: datetime, *, limit: int) -> list[JobDocument]:
    """Finished jobs, except dead letters, that ended before this time."""
    return list(JobDocument.objects(state__in=_EXPIRING, finished_at__lt=before).limit(limit))


@reaching_mongodb()
def remove_expired(job: JobDocument, before: datetime) -> JobDocument | None:
    """Remove a job of `expired_jobs()`; None: it was retried, or another process was first."""
    expired = JobDocument.objects(id=job.id, state__in=_EXPIRING, finished_at__lt=before)
    removed: JobDocument | None = expired.modify(remove=True)
    return removed


@reaching_mongodb()
def references_gif(key: str) -> bool:
    """Whether some job, deleted or not, refers to the GIF of this attempt."""
    return JobDocument.with_deleted(gif__key=key).first() is not None


@reaching_mongodb()
def gifs_among(keys: list[str]) -> set[str]:
    """The keys that some job, deleted or not, refers to."""
    return set(JobDocument.with_deleted(gif__key__in=keys).distinct("gif.key"))


@reaching_mongodb()
def load() -> Load:
    """The load over all owners; while the queue is paused, no job counts as queued."""
    running: list[Any] = JobDocument.objects(state=JobState.RUNNING).distinct("worker")
    return Load(0 if is_paused() else count_due(), frozenset(running))


@reaching_mongodb()
def count_due() -> int:
    """The number of queued jobs that could run now."""
    return int(JobDocument.objects(state=JobState.QUEUED, run_at__lte=utc_now()).count())


@reaching_mongodb()
def claim_unnotified(limit: int, *, older_than: datetime) -> list[JobDocument]:
    """Due jobs whose last wake-up is older than this, oldest first; each is returned to only one caller."""
    now = utc_now()
    unnotified = JobDocument.objects(state=JobState.QUEUED, run_at__lte=now, notified_at__lt=older_than)
    taken = [
        JobDocument.objects(id=job.id, state=JobState.QUEUED, notified_at=job.notified_at).modify(
            set__notified_at=now
        )
        for job in unnotified.order_by("notified_at").limit(limit)
    ]
    return [job for job in taken if job is not None]
