"""Queries and changes for administrators, across all owners; `job_store` has those of one owner.

Each change is one conditional write.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from gifapp import errors
from gifapp.domain.job import JobState
from gifapp.domain.views.administration import QueueView, WorkerView
from gifapp.jobs.db import job_store, queue_pause, sources, workers
from gifapp.jobs.db.documents import JobDocument, utc_now
from gifapp.jobs.db.paging import Moment, newest_first
from gifapp.jobs.db.scheduling import QueueSnapshot
from gifapp.mongodb import reaching_mongodb


@reaching_mongodb()
def queue_view() -> QueueView:
    """The queue now."""
    line = QueueSnapshot.now()
    return QueueView(
        paused_at=queue_pause.paused_at(),
        queued=_count(JobState.QUEUED),
        due=sum(line.due.values()),
        running=line.running,
        dead=_count(JobState.DEAD),
        oldest_due_s=_oldest_due_s(),
        workers=line.workers,
        usual_s=line.usual_s,
    )


@reaching_mongodb()
def worker_views() -> list[WorkerView]:
    """The living workers, oldest first."""
    running = dict(JobDocument.objects(state=JobState.RUNNING).scalar("worker", "id"))
    return [
        WorkerView(
            name=one.id,
            started_at=one.started_at,
            seen_at=one.seen_at,
            jobs=one.jobs,
            memory_bytes=one.memory_bytes,
            job_id=running.get(one.id),
        )
        for one in workers.alive()
    ]


@reaching_mongodb()
def find_job(job_id: str) -> JobDocument:
    """Raises errors.NotFound."""
    found: JobDocument | None = JobDocument.objects(id=job_id).first()
    if found is None:
        raise errors.NotFound(kind="job")
    return found


@reaching_mongodb()
def find_dead(job_id: str) -> JobDocument:
    """Raises errors.NotFound unless it is a dead letter."""
    found: JobDocument | None = JobDocument.objects(id=job_id, state=JobState.DEAD).first()
    if found is None:
        raise errors.NotFound(kind="dead letter")
    return found


@reaching_mongodb()
def jobs(
    *, state: JobState | None, owner_id: str | None, by: Moment, cursor: str | None, limit: int
) -> tuple[list[JobDocument], str | None]:
    """Newest first, without their recipes, and the cursor to the next page, if there is one.

    None of a state or an owner is all of them.

    Raises:
        errors.FieldInvalid: the cursor is none that a page gave.
    """
    wanted = {"state": state, "owner": owner_id}
    chosen = JobDocument.objects(**{name: value for name, value in wanted.items() if value is not None})
    return newest_first(chosen.exclude("recipe"), by=by, cursor=cursor, limit=limit)


@reaching_mongodb()
def dead_ids(*, older_than: timedelta = timedelta(0)) -> list[str]:
    """Those that died longer ago than this, oldest first."""
    died = JobDocument.objects(state=JobState.DEAD, finished_at__lte=utc_now() - older_than)
    return list(died.order_by("finished_at").scalar("id"))


def requeue_dead(job_id: str) -> JobDocument:
    """Queue a dead letter once more, with all its attempts before it.

    Raises:
        errors.NotFound: it is none, or none any more.
        errors.SourceGone, errors.JobRepeated: it cannot run again.
    """
    found = find_dead(job_id)
    if found.source not in sources.sources_by_id(found.owner, [found.source]):
        raise errors.SourceGone
    queued = job_store.queue_again(found, if_in=[JobState.DEAD])
    if queued is None:
        raise errors.NotFound(kind="dead letter")
    return queued


@reaching_mongodb()
def remove_dead(job_id: str) -> JobDocument:
    """The dead letter that is no more.

    Raises:
        errors.NotFound: it is none, or none any more.
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
