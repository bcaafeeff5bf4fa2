"""Publishes changes to an owner's listeners after the document was written; best effort."""

from __future__ import annotations

from datetime import timedelta

import structlog

from gifapp import errors
from gifapp.domain.views.jobs import JobView, SourceView
from gifapp.jobs.db.documents import JobDocument
from gifapp.jobs.db.views import job_view
from gifapp.jobs.events.stream import EventStream

_log = structlog.get_logger()


class Announcer:
    def __init__(self, events: EventStream, *, kept: timedelta | None = None) -> None:
        self._events = events
        self._kept = kept

    def job_changed(self, job: JobDocument) -> None:
        try:
            view = job_view(job, kept=self._kept)
        except errors.ServiceUnavailable as away:
            _log.warning("an event was lost", job_id=job.id, reason=str(away))
            return
        self.job_shown(job.owner, view)

    def job_shown(self, owner_id: str, view: JobView) -> None:
        """The same for a caller who has made the view already."""
        self._events.publish(owner_id, "job.changed", job=view)

    def job_deleted(self, owner_id: str, job_id: str) -> None:
        self._events.publish(owner_id, "job.deleted", id=job_id)

    def source_created(self, owner_id: str, view: SourceView) -> None:
        self._events.publish(owner_id, "source.created", source=view)

    def source_deleted(self, owner_id: str, source_id: str) -> None:
        self._events.publish(owner_id, "source.deleted", id=source_id)

    def forget(self, owner_id: str) -> None:
        """The owner is gone: nobody will ask what they have missed."""
        self._events.forget(owner_id)
