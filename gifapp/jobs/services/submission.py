"""Queues jobs: new ones, and retries of those that ended without a GIF.

All methods block; run them in a thread. Other people's videos and jobs are not found.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from gifapp import errors
from gifapp.conversion.gif.version import ENGINE_VERSION
from gifapp.conversion.plan import make_plan
from gifapp.conversion.workload import cpu_s
from gifapp.domain.job import MAX_AHEAD, JobState, Priority
from gifapp.domain.limits import Allowance, Limits
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import JobView
from gifapp.jobs.db import job_store, sources, submissions, usage
from gifapp.jobs.db.documents import JobDocument, SourceDocument, utc_now
from gifapp.jobs.db.views import job_view
from gifapp.jobs.events.counters import SUBMITTED, CounterStore
from gifapp.jobs.events.stream import EventStream
from gifapp.jobs.events.wakeups import WakeupQueue
from gifapp.jobs.services.account_deletion import ensure_account_open
from gifapp.jobs.timings import Timings
from gifapp.mongodb import in_milliseconds

SHORT_CPU_S = 10.0  # jobs that take no longer may use the worker that is reserved for short ones


class Submission:
    def __init__(
        self,
        *,
        wakeups: WakeupQueue,
        events: EventStream,
        counters: CounterStore,
        limits: Limits,
        allowance: Allowance,
        timings: Timings,
    ) -> None:
        self._wakeups = wakeups
        self._events = events
        self._counters = counters
        self._limits = limits
        self._allowance = allowance
        self._timings = timings

    def submit(
        self,
        owner_id: str,
        source_id: str,
        recipe: Recipe,
        *,
        priority: Priority = "normal",
        run_at: datetime | None = None,
        idempotency_key: str | None = None,
    ) -> JobView:
        """Queue a conversion that runs no earlier than `run_at`.

        Once this returns, the job survives even the loss of Redis. A repeat (the same key, or the same source
        and recipe as an unfinished or successful job) returns the existing job.

        Raises:
            errors.NotFound: no such source.
            errors.SourceRefused: the recipe exceeds what the source has or the limits allow.
            errors.FieldInvalid: `run_at` is too far ahead.
            errors.TooManyJobs
            errors.QuotaExceeded: the owner's storage quota is used up.
            errors.ServiceUnavailable
        """
        run_at = _future(run_at)
        source = sources.use_source(owner_id, source_id)
        video = sources.video_of(source)
        is_short = cpu_s(video, make_plan(video, recipe, self._limits)) <= SHORT_CPU_S
        fingerprint, key = _fingerprint(source, recipe), idempotency_key or None
        while (same := job_store.find_same(owner_id, fingerprint=fingerprint, idempotency_key=key)) is None:
            self._check_quota(owner_id)
            submissions.count_one(owner_id, max_per_hour=self._allowance.jobs_per_hour)
            job = job_store.add_job(
                source,
                recipe,
                fingerprint=fingerprint,
                priority=priority,
                run_at=run_at,
                is_short=is_short,
                max_attempts=self._timings.max_attempts,
                idempotency_key=key,
            )
            if job is not None:
                self._check_owner_stayed(job)
                self._counters.count(SUBMITTED.increment())
                return self._visible_and_notified(job)
        return job_view(same, retention=self._allowance.retention).model_copy(update={"is_repeat": True})

    def retry(self, owner_id: str, job_id: str) -> JobView:
        """Queue a failed, dead or cancelled job again.

        Raises:
            errors.NotFound: no such job, or its source is gone.
            errors.MoveNotAllowed: the job is queued, running or has succeeded.
            errors.QuotaExceeded: see `submit`.
        """
        self._check_quota(owner_id)
        sources.use_source(owner_id, job_store.find_job(owner_id, job_id).source)
        return self._visible_and_notified(job_store.retry_job(owner_id, job_id))

    def _check_quota(self, owner_id: str) -> None:
        usage.check_quota(owner_id, 1, limit_bytes=self._allowance.stored_bytes)

    def _check_owner_stayed(self, job: JobDocument) -> None:
        """Remove the job if its account was deleted meanwhile: the deletion finds it, or we see its mark."""
        try:
            ensure_account_open(job.owner)
        except errors.NotFound:
            job_store.remove_job(job.owner, job.id)
            raise

    def _visible_and_notified(self, job: JobDocument) -> JobView:
        view = self._events.show_job(job)  # first: a worker that is woken publishes the next change at once
        if job.state == JobState.QUEUED and job.run_at <= utc_now():
            self._wakeups.notify(job.id, priority=job.priority)
        return view


def _future(run_at: datetime | None) -> datetime | None:
    """The time rounded as MongoDB stores it; None: it is not in the future."""
    now = utc_now()
    if run_at is None or run_at <= now:
        return None
    if run_at > now + MAX_AHEAD:
        raise errors.FieldInvalid(field="run_at", problem=f"must be at most {MAX_AHEAD.days} days ahead")
    return in_milliseconds(run_at.astimezone(UTC))


def _fingerprint(source: SourceDocument, recipe: Recipe) -> str:
    """A hash of everything that determines the GIF's bytes: video, recipe and engine version."""
    return hashlib.sha256(f"{source.sha256} {recipe.digest} {ENGINE_VERSION}".encode()).hexdigest()
