"""Purges deleted jobs and sources, with their files, once they may no longer be restored.

Runs with every sweep. Each removal is one conditional write: what was restored meanwhile is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from gifapp.jobs.cleanup.removal import remove_files_of, remove_unreferenced_source
from gifapp.jobs.db import job_store, sources
from gifapp.jobs.db.documents import utc_now
from gifapp.storage.blobs import Blobs

_log = structlog.get_logger()

_AT_ONCE = 200  # per sweep; the next sweep continues


@dataclass(frozen=True)
class Purge:
    blobs: Blobs
    undo_s: float

    def __call__(self) -> None:
        """Remove everything that was deleted more than `undo_s` ago."""
        before = utc_now() - timedelta(seconds=self.undo_s)
        self._purge_jobs(before)
        self._purge_sources(before)

    def _purge_jobs(self, before: datetime) -> None:
        for deleted in job_store.deleted_jobs(before, limit=_AT_ONCE):
            job = job_store.purge_job(deleted, before)
            if job is not None:
                remove_files_of(self.blobs, job)
                _log.info("deleted job purged", job_id=job.id)

    def _purge_sources(self, before: datetime) -> None:
        for source_id in sources.deleted_sources(before, limit=_AT_ONCE):
            with self.blobs.store.exclusive():
                source = sources.purge_source(source_id, before)
                if source is not None:
                    remove_unreferenced_source(self.blobs, source.sha256)
                    _log.info("deleted source purged", source_id=source_id)
