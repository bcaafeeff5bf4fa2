"""An owner's operations on jobs: list, rename, cancel, delete, restore, and get the finished GIF.

All methods block; run them in a thread. Other people's jobs are not found.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from gifapp import errors
from gifapp.domain.job import JobState
from gifapp.domain.job_query import JobQuery
from gifapp.domain.recipes.output_formats import FILE_KINDS
from gifapp.domain.views.jobs import JobPage, JobView
from gifapp.jobs.cleanup.removal import remove_files_of
from gifapp.jobs.db import job_lists, job_store
from gifapp.jobs.db.documents import JobDocument
from gifapp.jobs.db.views import file_name_of, job_view, job_views
from gifapp.jobs.events.stream import EventStream
from gifapp.storage.blob import Blob
from gifapp.storage.blobs import Blobs


@dataclass(frozen=True)
class GifFile:
    """A finished GIF, or a file of the recipe's other format; `etag` is in the quotes that HTTP requires."""

    blob: Blob
    file_name: str
    content_type: str
    bytes: int
    etag: str


class Jobs:
    def __init__(self, *, blobs: Blobs, events: EventStream, retention: timedelta | None) -> None:
        self._blobs = blobs
        self._events = events
        self._retention = retention

    def page(
        self,
        owner_id: str,
        query: JobQuery = JobQuery(),  # noqa: B008
        *,
        limit: int = 50,
        cursor: str | None = None,
    ) -> JobPage:
        """A page of jobs.

        Raises:
            errors.FieldInvalid: the cursor is not one that a page in this order returned.
        """
        page = job_lists.job_page(owner_id, query, cursor=cursor, limit=limit)
        views = job_views(page.jobs, retention=self._retention)
        return JobPage(jobs=views, next_cursor=page.next_cursor, total=page.total)

    def find(self, owner_id: str, job_id: str) -> JobView:
        return job_view(job_store.find_job(owner_id, job_id), retention=self._retention)

    def rename(self, owner_id: str, job_id: str, name: str) -> JobView:
        """Name a job's GIF; the video's own name restores the default.

        Raises:
            errors.NotFound
        """
        return self._events.show_job(job_store.rename_job(owner_id, job_id, name))

    def cancel(self, owner_id: str, job_id: str) -> JobView:
        """Cancel a queued job at once, or a running job within about a second.

        Raises:
            errors.NotFound
            errors.MoveNotAllowed: the job has ended.
        """
        return self._events.show_job(job_store.cancel_job(owner_id, job_id))

    def delete(self, owner_id: str, job_id: str) -> None:
        """Delete a job and its GIF; an unfinished job is cancelled.

        Its share links stop working at once. It can be restored until it is purged, which
        `Timings.undo_s` bounds.

        Raises:
            errors.NotFound
        """
        job_store.delete_job(owner_id, job_id)
        self._events.job_deleted(owner_id, job_id)

    def restore(self, owner_id: str, job_id: str) -> JobView:
        """Undo a deletion.

        Raises:
            errors.NotFound: no such job, or it was purged.
        """
        return self._events.show_job(job_store.restore_job(owner_id, job_id))

    def clean_up_after(self, removed: JobDocument) -> None:
        """Remove the files of a job whose document is gone, and notify its owner."""
        remove_files_of(self._blobs, removed)
        self._events.job_deleted(removed.owner, removed.id)

    def still(self, owner_id: str, job_id: str) -> Blob:
        """The first frame of the finished GIF, a WebP.

        Raises:
            errors.NotFound: also if the GIF has no still.
            errors.JobNotFinished: the job has no GIF, or none yet.
        """
        gif = self._made(owner_id, job_id).gif
        if not gif.has_still:
            raise errors.NotFound(kind="file")
        return Blob("still", gif.key)

    def gif(self, owner_id: str, job_id: str) -> GifFile:
        """The finished GIF.

        Raises:
            errors.NotFound
            errors.JobNotFinished: the job has no GIF, or none yet.
        """
        job = self._made(owner_id, job_id)
        return GifFile(
            blob=Blob("gif", job.gif.key),
            file_name=file_name_of(job),
            content_type=FILE_KINDS[job.recipe["format"]].content_type,
            bytes=job.gif.bytes,
            etag=f'"{job.gif.key}"',
        )

    def _made(self, owner_id: str, job_id: str) -> JobDocument:
        """The job, which has a GIF."""
        job = job_store.find_job(owner_id, job_id)
        if job.gif is None:
            raise errors.JobNotFinished(state=job.state, state_text=JobState(job.state).text)
        return job
