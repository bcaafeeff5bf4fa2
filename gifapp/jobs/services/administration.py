"""Administrators' actions: pause and resume the queue, requeue and purge dead letters, cancel and retry jobs.

All methods block. They act on the jobs of all owners and notify the owner of each change.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import structlog

from gifapp import errors
from gifapp.domain.job import JobState
from gifapp.domain.views.administration import (
    OwnedJobView,
    PurgedView,
    QueueView,
    RequeuedView,
    StorageView,
    WorkerView,
)
from gifapp.domain.views.jobs import JobView
from gifapp.domain.views.statistics import StatisticsView
from gifapp.jobs.cleanup import consistency
from gifapp.jobs.db import all_owners, job_store, queue_pause
from gifapp.jobs.db.documents import JobDocument, utc_now
from gifapp.jobs.db.paging import Moment
from gifapp.jobs.db.views import owned_job_view
from gifapp.jobs.events.stream import EventStream
from gifapp.jobs.events.wakeups import WakeupQueue
from gifapp.jobs.services import statistics
from gifapp.jobs.services.jobs import Jobs
from gifapp.jobs.services.submission import Submission

_log = structlog.get_logger()

_WAKEUPS_AT_ONCE = 50  # enough: each wakes a worker, which then runs jobs until none are due


@dataclass(frozen=True)
class OwnedJobPage:
    """A page of jobs, newest first, and the cursor of the next page; None: this is the last."""

    jobs: list[OwnedJobView]
    next_cursor: str | None


class Administration:
    def __init__(
        self, jobs: Jobs, submission: Submission, *, wakeups: WakeupQueue, events: EventStream
    ) -> None:
        self._jobs = jobs
        self._submission = submission
        self._wakeups = wakeups
        self._events = events

    # --- the queue ---------------------------------------------------------------------------

    def queue(self) -> QueueView:
        return all_owners.queue_view()

    def workers(self) -> list[WorkerView]:
        """The live workers, oldest first."""
        return all_owners.worker_views()

    def storage(self) -> StorageView | None:
        """The result of the last storage check; None: none has run yet."""
        return consistency.last_report()

    def statistics(self, lasting: timedelta) -> StatisticsView:
        """Statistics of the period of this length that ends now."""
        return statistics.statistics(lasting)

    def pause(self) -> QueueView:
        """Start no more jobs; running jobs continue."""
        queue_pause.pause()
        _log.info("queue paused")
        return self.queue()

    def resume(self) -> QueueView:
        """Start jobs again, at once."""
        queue_pause.resume()
        _log.info("queue resumed")
        for job in job_store.claim_unnotified(_WAKEUPS_AT_ONCE, older_than=utc_now()):
            self._wakeups.notify(job.id, priority=job.priority)
        return self.queue()

    # --- any job -----------------------------------------------------------------------------

    def jobs(
        self,
        *,
        state: JobState | None = None,
        owner_id: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> OwnedJobPage:
        """A page of jobs, newest first; dead letters by when they died, latest first.

        Raises:
            errors.FieldInvalid: the cursor is not one that a page returned.
        """
        by: Moment = "finished_at" if state is JobState.DEAD else "created_at"
        page, next_cursor = all_owners.jobs(state=state, owner_id=owner_id, by=by, cursor=cursor, limit=limit)
        return OwnedJobPage([owned_job_view(job) for job in page], next_cursor)

    def job(self, job_id: str) -> OwnedJobView:
        """Raises errors.NotFound."""
        return owned_job_view(all_owners.find_job(job_id))

    def cancel(self, job_id: str) -> JobView:
        """Cancel any owner's job; see `Jobs.cancel`.

        Raises:
            errors.NotFound, errors.MoveNotAllowed
        """
        return self._jobs.cancel(all_owners.find_job(job_id).owner, job_id)

    def retry(self, job_id: str) -> JobView:
        """Retry any owner's job; see `Submission.retry`.

        Raises:
            errors.NotFound: no such job, or its source is gone.
            errors.MoveNotAllowed, errors.JobRepeated
        """
        return self._submission.retry(all_owners.find_job(job_id).owner, job_id)

    # --- dead letters ------------------------------------------------------------------------

    def dead_letter(self, job_id: str) -> OwnedJobView:
        """Raises errors.NotFound."""
        return owned_job_view(all_owners.find_dead(job_id))

    def requeue(self, job_id: str) -> OwnedJobView:
        """Queue a dead letter again, with its full number of attempts.

        Raises:
            errors.NotFound
            errors.SourceGone, errors.JobRepeated: the job cannot run again.
        """
        queued = all_owners.requeue_dead(job_id)
        _log.info("dead letter requeued", job_id=job_id)
        self._events.job_changed(queued)
        self._wakeups.notify(queued.id, priority=queued.priority)
        return owned_job_view(queued)

    def requeue_all(self) -> RequeuedView:
        """Queue all dead letters again, except those that cannot run."""
        ids = all_owners.dead_ids()
        requeued = sum(self._requeued(job_id) for job_id in ids)
        return RequeuedView(requeued=requeued, left=len(ids) - requeued)

    def _requeued(self, job_id: str) -> bool:
        try:
            self.requeue(job_id)
        except (errors.NotFound, errors.SourceGone, errors.JobRepeated):
            return False
        return True

    def purge(self, job_id: str) -> None:
        """Delete a dead letter permanently.

        Raises:
            errors.NotFound
        """
        self._forget(all_owners.remove_dead(job_id))

    def purge_all(self, *, older_than: timedelta = timedelta(0)) -> PurgedView:
        """Delete all dead letters at least this old."""
        purged = sum(self._purged(job_id) for job_id in all_owners.dead_ids(older_than=older_than))
        return PurgedView(purged=purged)

    def _purged(self, job_id: str) -> bool:
        try:
            self.purge(job_id)
        except errors.NotFound:
            return False
        return True

    def _forget(self, removed: JobDocument) -> None:
        _log.info("dead letter purged", job_id=removed.id)
        self._jobs.clean_up_after(removed)
