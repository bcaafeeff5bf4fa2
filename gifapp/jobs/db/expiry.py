"""When jobs and sources expire; None means never."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from gifapp.domain.job import JobState
from gifapp.jobs.db import job_store
from gifapp.jobs.db.documents import JobDocument, SourceDocument


def job_expires_at(job: JobDocument, retention: timedelta | None) -> datetime | None:
    """A finished job expires `retention` after its end; a dead letter is kept for an administrator."""
    if retention is None or not JobState(job.state).expires:
        return None
    ended: datetime = job.finished_at
    return ended + retention


def sources_expire_at(
    sources: Collection[SourceDocument], retention: timedelta | None
) -> dict[str, datetime]:
    """When each source expires: `retention` after its last use or its last job's end; others are omitted."""
    if retention is None:
        return {}
    ends = job_store.last_ends([source.id for source in sources])
    last_uses = {source.id: (source.used_at, ends.get(source.id, source.used_at)) for source in sources}
    return {name: max(used, end) + retention for name, (used, end) in last_uses.items() if end is not None}
