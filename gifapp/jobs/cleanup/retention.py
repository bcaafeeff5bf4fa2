"""Removes finished jobs and unused sources, with their files, when the retention period is over.

Runs with every sweep. Each removal is one conditional write: a job that was retried meanwhile, or a
source that was used meanwhile, is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from gifapp.jobs.cleanup.removal import remove_files_of, remove_unreferenced_source
from gifapp.jobs.db import job_store, sources
from gifapp.jobs.db.documents import SourceDocument, utc_now
from gifapp.jobs.events.stream import EventStream
from gifapp.storage.blobs import Blobs

_log = structlog.get_logger()

_AT_ONCE = 100  # per sweep; the next sweep continues


@dataclass(frozen=True)
class Retention:
    blobs: Blobs
    events: EventStream
    retention: timedelta | None

    def __call__(self) -> None:
        """Remove all jobs and sources whose retention period is over."""
        if self.retention is not None:
            before = utc_now() - self.retention
            self._remove_jobs(before)
            self._remove_sources(before)

    def _remove_jobs(self, before: datetime) -> None:
        for expired in job_store.expired_jobs(before, limit=_AT_ONCE):
            job = job_store.remove_expired(expired, before)
            if job is not None:
                remove_files_of(self.blobs, job)
                self.events.job_deleted(job.owner, job.id)
                _log.info("expired job removed", job_id=job.id)

    def _remove_sources(self, before: datetime) -> None:
        for source_id in sources.expired_sources(before, limit=_AT_ONCE):
            source = self._removed(source_id, before)
            if source is not None:
                self.events.source_deleted(source.owner, source.id)
                _log.info("expired source removed", source_id=source.id)

    def _removed(self, source_id: str, before: datetime) -> SourceDocument | None:
        with self.blobs.store.exclusive():
            source = sources.remove_expired(source_id, before)
            if source is not None:
                remove_unreferenced_source(self.blobs, source.sha256)
        return source
