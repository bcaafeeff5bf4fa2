"""Jobs as their owners see them: listed, cancelled, deleted; and the GIFs they have made.

All of it blocks; run it in a thread. What belongs to somebody else is not found.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePath

from gifapp import errors
from gifapp.domain.job import JobState
from gifapp.domain.recipes.output_formats import FILE_KINDS
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import JobPage, JobView
from gifapp.jobs.cleanup.removal import remove_files_of
from gifapp.jobs.db import job_store
from gifapp.jobs.db.documents import JobDocument
from gifapp.jobs.db.views import job_view, job_views
from gifapp.jobs.events.stream import EventStream
from gifapp.storage.blob import Blob
from gifapp.storage.blobs import Blobs


@dataclass(frozen=True)
class GifFile:
    """A finished GIF, or what the job's recipe asked for instead; `etag` is quoted as HTTP wants it."""

    blob: Blob
    file_name: str
    content_type: str
    bytes: int
    etag: str


class Jobs:
    def __init__(self, *, blobs: Blobs, events: EventStream, kept: timedelta | None) -> None:
        self._blobs = blobs
        self._events = events
        self._kept = kept

    def page(
        self, owner_id: str, *, state: JobState | None = None, limit: int = 50, cursor: str | None = None
    ) -> JobPage:
        """Newest first.

        Raises:
            errors.FieldInvalid: the cursor is none that a page gave.
        """
        page, next_cursor = job_store.jobs_of(owner_id, state=state, cursor=cursor, limit=limit)
        return JobPage(jobs=job_views(page, kept=self._kept), next_cursor=next_cursor)

    def find(self, owner_id: str, job_id: str) -> JobView:
        return job_view(job_store.find_job(owner_id, job_id), kept=self._kept)

    def cancel(self, owner_id: str, job_id: str) -> JobView:
        """Cancel a queued job now, a running one within about a second.

        Raises:
            errors.NotFound
            errors.MoveNotAllowed: it has ended.
        """
        return self._events.show_job(job_store.cancel_job(owner_id, job_id))

    def delete(self, owner_id: str, job_id: str) -> None:
        """Delete a job and its GIF; a running job is stopped."""
        self.clean_up_after(job_store.remove_job(owner_id, job_id))

    def clean_up_after(self, removed: JobDocument) -> None:
        """Remove the files of a job whose document is gone, and tell its owner."""
        remove_files_of(self._blobs, removed)
        self._events.job_deleted(removed.owner, removed.id)

    def gif(self, owner_id: str, job_id: str) -> GifFile:
        """The finished GIF.

        Raises:
            errors.NotFound
            errors.JobNotFinished: there is none, or not yet.
        """
        job = job_store.find_job(owner_id, job_id)
        if job.gif is None:
            raise errors.JobNotFinished(state=job.state)
        kind = FILE_KINDS[Recipe.parse(job.recipe).format]
        return GifFile(
            blob=Blob("gif", job.gif.key),
            file_name=f"{PurePath(job.source_name).stem}{kind.suffix}",
            content_type=kind.content_type,
            bytes=job.gif.bytes,
            etag=f'"{job.gif.key}"',
        )
