"""Queries and updates for administrators, across all owners; see `job_store` for those of one owner.

Each update is one conditional write.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from gifapp import errors
from gifapp.domain.job import JobState
from gifapp.domain.views.administration import QueueView, WorkerView
from gifapp.jobs.db import job_store, queue_pause, sources, workers
from gifapp.jobs.db.documents import JobDocument, utc_now
from gifapp.jobs.db.paging import Moment, Order, page_of
from gifapp.jobs.db.scheduling import QueueSnapshot
from gifapp.mongodb import reaching_mongodb


@reaching_mongodb()
def queue_view() -> QueueView:
    """The current state of the queue."""
    snapshot = QueueSnapshot.now()
    return QueueView(
        paused_at=queue_pause.paused_at(),
        queued=_count(JobState.QUEUED),
        due=sum(snapshot.due.values()),
        running=snapshot.running,
        dead=_count(JobState.DEAD),
        oldest_due_s=_oldest_due_s(),
        workers=snapshot.workers,
        usual_s=snapshot.usual_s,
    )


@reaching_mongodb()
def worker_views() -> list[WorkerView]:
    """The live workers, oldest first."""
    running = dict(JobDocument.objects(state=JobState.RUNNING).scalar("worker", "id"))
    return [
        WorkerView(
            name=worker.id,
            started_at=worker.started_at,
            seen_at=worker.seen_at,
            jobs=worker.jobs,
            memory_bytes=worker.memory_bytes,
            job_id=running.get(worker.id),
        )
        for worker in workers.alive()
    ]


@reaching_mongodb()
def find_job(job_id: str) -> JobDocument:
    """Raises errors.NotFound."""
    job: JobDocument | None = JobDocument.objects(id=job_id).first()
    if job is None:
        raise errors.NotFound(kind="job")
    return job


@reaching_mongodb()
def find_dead(job_id: str) -> JobDocument:
    """Raises errors.NotFound unless it is a dead letter."""
    job: JobDocument | None = JobDocument.objects(id=job_id, state=JobState.DEAD).first()
    if job is None:
        raise errors.NotFound(kind="dead letter")
    return job


@reaching_mongodb()
def jobs(
    *, state: JobState | None, owner_id: str | None, by: Moment, cursor: str | None, limit: int
) -> tuple[list[JobDocument], str | None]:
    """A page of jobs without their recipes, newest first, and the cursor of the next page, if any.

    A state or owner of None selects all.

    Raises:
        errors.FieldInvalid: the cursor is not one that a page returned.
    """
    filters = {"state": state, "owner": owner_id}
    chosen = JobDocument.objects(**{name: value for name, value in filters.items() if value is not None})
    return page_of(chosen.exclude("recipe"), Order(by), cursor=cursor, limit=limit)


@reaching_mongodb()
def dead_ids(*, older_than: timedelta = timedelta(0)) -> list[str]:
    """The ids of dead letters at least this old, oldest first."""
    died = JobDocument.objects(state=JobState.DEAD, finished_at__lte=utc_now() - older_than)
    return list(died.order_by("finished_at").scalar("id"))


def requeue_dead(job_id: str) -> JobDocument:
    """Queue a dead letter again, with its full number of attempts.

    Raises:
        errors.NotFound: the job is not, or no longer, a dead letter.
        errors.SourceGone, errors.JobRepeated: the job cannot run again.
    """
    job = find_dead(job_id)
    if job.source not in sources.sources_by_id(job.owner, [job.source]):
        raise errors.SourceGone
    queued = job_store.queue_again(job, if_in=[JobState.DEAD])
    if queued is None:
        raise errors.NotFound(kind="dead letter")
    return queued


@reaching_mongodb()
def remove_dead(job_id: str) -> JobDocument:
    """Remove a dead letter, and return it.

    Raises:
        errors.NotFound: the job is not, or no longer, a dead letter.
    """
    removed: JobDocument | None = JobDocument.objects(id=job_id, state=JobState.DEAD).modify(remove=True)
    if removed is None:
        raise errors.NotFound(kind="dead letter")
    return removed


def _count(state: JobState) -> int:
    return int(JobDocument.objects(state=state).count())


def _oldest_due_s() -> float | None:
    now = utc_now()
    due = JobDocument.objects(state=JobState.QUEUED, run_at__lte=now).order_by("run_at")
    since: datetime | None = due.scalar("run_at").first()
    return None if since is None else (now - since).total_seconds()
