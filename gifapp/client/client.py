"""The Python client of a gifapp service."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from gifapp import errors
from gifapp.client.administrator import Administrator
from gifapp.client.following import follow
from gifapp.client.progress_bar import add_line, progress_bar, show, show_upload
from gifapp.client.recipes import RecipeRequests
from gifapp.client.retrying import with_retries
from gifapp.client.served import ServedGif
from gifapp.client.uploading import video_name
from gifapp.client.videos import VideoRequests
from gifapp.client.waiting import OnJob, succeeded, wait_for_job
from gifapp.domain.job import JobState, Priority
from gifapp.domain.job_query import JobQuery, JobSort
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.presets import Preset
from gifapp.domain.recipes.recipe import Format, Recipe
from gifapp.domain.views.jobs import (
    ArchiveView,
    BatchAction,
    BatchView,
    Event,
    JobPage,
    JobView,
    MeView,
    ShareView,
)
from gifapp.private import check_replaceable

_PAGE = 200


class Client(VideoRequests, RecipeRequests):
    """A client of a gifapp service, for one account."""

    @property
    def fetches_links(self) -> bool:
        """Whether the service fetches videos from links; see `fetch`."""
        return bool(self._call("GET", "/limits").get("fetches_links"))

    @property
    def administrator(self) -> Administrator:
        """The methods for administrators."""
        return Administrator(self._call)

    def me(self) -> MeView:
        """The signed-in account, its storage use and its quota."""
        return MeView.model_validate(self._call("GET", "/me"))

    def limits(self) -> Limits:
        """The service's limits."""
        response = self._call("GET", "/limits")
        return Limits(**{name: response[name] for name in asdict(Limits()) if name in response})

    def submit(
        self,
        source_id: str,
        recipe: Recipe | None = None,
        *,
        priority: Priority = "normal",
        run_at: datetime | None = None,
        idempotency_key: str | None = None,
    ) -> JobView:
        """Submit a job for a GIF.

        If one of your jobs is making or has made the same GIF, that job is returned, with `is_repeat`.

        Args:
            source_id: the video.
            recipe: all settings of the GIF.
            priority: among your own jobs; it does not affect other people's.
            run_at: the earliest start, at most 30 days ahead; without a time zone, local time.
            idempotency_key: repeating a request with the same key submits only one job.
        """
        recipe = recipe or Recipe()
        body = {"source_id": source_id, "recipe": recipe.model_dump(mode="json"), "priority": priority}
        if run_at is not None:
            body["run_at"] = run_at.astimezone(UTC).isoformat()
        response = self._call(
            "POST", "/jobs", json=body, headers={"Idempotency-Key": idempotency_key or uuid4().hex}
        )
        return JobView.model_validate(response)

    def presets(self) -> list[Preset]:
        """The platform presets for recipes, with their limits."""
        return [Preset(**preset) for preset in self._call("GET", "/presets")["presets"]]

    def jobs(
        self,
        *,
        search: str = "",
        state: JobState | None = None,
        format: Format | None = None,  # noqa: A002  the recipe's field
        source_id: str | None = None,
        sort: JobSort = "newest",
        limit: int = 200,
    ) -> list[JobView]:
        """The first `limit` jobs that meet all the filters.

        Args:
            search: words that must all be in a job's name or captions, in any case.
            state: only jobs in this state.
            format: only jobs that make this format.
            source_id: only jobs of this video.
            sort: `newest`, `oldest`, `largest` (in bytes) or `longest` (in seconds) first.
            limit: the maximum number of jobs.
        """
        query = JobQuery(search=search, state=state, format=format, source_id=source_id, sort=sort)
        jobs: list[JobView] = []
        cursor: str | None = None
        while len(jobs) < limit:
            page = self.job_page(query, cursor=cursor, limit=min(_PAGE, limit - len(jobs)))
            jobs += page.jobs
            cursor = page.next_cursor
            if cursor is None:
                break
        return jobs

    def job_page(self, query: JobQuery, *, cursor: str | None = None, limit: int = 50) -> JobPage:
        """A page of jobs, and how many there are on all pages.

        Args:
            query: the filters and the order.
            cursor: the previous page's `next_cursor`; None: the first page.
            limit: the number of jobs, at most 200.
        """
        params = query.model_dump(mode="json", exclude_defaults=True) | {"limit": limit}
        if cursor:
            params["cursor"] = cursor
        return JobPage.model_validate(self._call("GET", "/jobs", params=params))

    def job(self, job_id: str) -> JobView:
        return JobView.model_validate(self._call("GET", f"/jobs/{job_id}"))

    def wait(self, job_id: str, on_change: OnJob | None = None) -> JobView:
        """Wait until a job has ended, successfully or not; follows the event stream, across outages.

        Args:
            job_id: the job.
            on_change: called with the current job, and again after each change.

        Raises:
            errors.NotFound: the job does not exist, or was deleted.
            errors.ServiceUnavailable: no event stream for two minutes; proxies must pass websockets.
            errors.AccessDenied: the token has expired or was revoked.
        """
        return wait_for_job(self.follow, lambda: self.job(job_id), job_id, on_change or _ignore)

    def rename(self, job_id: str, name: str) -> JobView:
        """Name a job's GIF and its file; the video's own name restores the default."""
        return JobView.model_validate(self._call("PATCH", f"/jobs/{job_id}", json={"name": name}))

    def cancel(self, job_id: str) -> JobView:
        return JobView.model_validate(self._call("POST", f"/jobs/{job_id}/cancel"))

    def retry(self, job_id: str) -> JobView:
        return JobView.model_validate(self._call("POST", f"/jobs/{job_id}/retry"))

    def delete(self, job_id: str) -> None:
        """Delete a job and its GIF; an unfinished job is cancelled."""
        self._call("DELETE", f"/jobs/{job_id}")

    def restore(self, job_id: str) -> JobView:
        """Undo the deletion of a job, within 30 seconds.

        Raises:
            errors.NotFound: it is too late.
        """
        return JobView.model_validate(self._call("POST", f"/jobs/{job_id}/restore"))

    def apply(self, action: BatchAction, job_ids: Sequence[str]) -> list[str]:
        """Delete, restore or cancel up to 200 jobs; returns the ids of those for which it was possible."""
        body = {"action": action, "job_ids": list(job_ids)}
        return BatchView.model_validate(self._call("POST", "/jobs/batch", json=body)).job_ids

    def archive(self, job_ids: Sequence[str]) -> ArchiveView:
        """A link that downloads the GIFs of up to 200 jobs as a zip of at most 2 GB, for some hours."""
        return ArchiveView.model_validate(self._call("POST", "/archives", json={"job_ids": list(job_ids)}))

    def share(self, job_id: str, *, expires_in_s: int | None = None) -> ShareView:
        """Create a public link to the finished GIF; expires after a week by default.

        Raises:
            errors.JobNotFinished, errors.TooManyShares
        """
        body = {} if expires_in_s is None else {"expires_in_s": expires_in_s}
        return ShareView.model_validate(self._call("POST", f"/jobs/{job_id}/shares", json=body))

    def shares(self, job_id: str) -> list[ShareView]:
        """The unexpired links to a GIF, including revoked ones, newest first."""
        response = self._call("GET", f"/jobs/{job_id}/shares")
        return [ShareView.model_validate(share) for share in response["shares"]]

    def revoke_share(self, share_id: str) -> None:
        """Revoke a share link."""
        self._call("DELETE", f"/shares/{share_id}")

    def gif(self, job_id: str) -> bytes:
        """The finished GIF."""
        return self._send("GET", f"/jobs/{job_id}/gif").content

    def frames(self, job_id: str) -> bytes:
        """The finished GIF's frames, as PNGs in a zip; their names have their numbers and delays."""
        return self._send("GET", f"/jobs/{job_id}/frames").content

    def contact_sheet(self, job_id: str) -> bytes:
        """A PNG of all frames of the finished GIF, with their numbers and delays."""
        return self._send("GET", f"/jobs/{job_id}/frames", params={"as": "sheet"}).content

    def frame(self, job_id: str, number: int) -> bytes:
        """A PNG of one frame of the finished GIF; 0 is the first."""
        params = {"as": "frame", "number": number}
        return self._send("GET", f"/jobs/{job_id}/frames", params=params).content

    def download(self, job_id: str, path: Path | str) -> Path:
        """Write the finished GIF to `path`, atomically; into a folder, under its own file name.

        Raises:
            OSError: the file cannot be written, or would replace something else than a file.
        """
        path = Path(path)
        if path.is_dir():
            path /= self._file_name(job_id)
        check_replaceable(path)
        aside = path.with_name(f".{path.name}.{uuid4().hex[:8]}")
        try:
            aside.write_bytes(self.gif(job_id))
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
        return path

    def convert(
        self, path: Path | str | bytes, recipe: Recipe | None = None, *, priority: Priority = "normal"
    ) -> ServedGif:
        """Upload a video, convert it and download the GIF, with a progress bar.

        Interrupting it (Ctrl-C) deletes the upload or cancels the job.

        Raises:
            errors.Cancelled: the job was cancelled.
            errors.GifappError: see `upload`, `submit` and `wait`; or the error of the conversion.
        """
        with progress_bar() as bar:
            task = add_line(bar, video_name(path))
            source = self.upload(path, partial(show_upload, bar, task))
            job = self._converted(source.id, recipe, priority, partial(show, bar, task))
            bar.update(task, completed=1.0, description="Done")
            bar.refresh()  # in a notebook, stopping does not draw the end
        return ServedGif(job, with_retries(lambda: self.gif(job.id)))

    async def follow(
        self, on_event: Callable[[Event], None], on_connection: Callable[[bool], None] | None = None
    ) -> None:
        """Call `on_event` with every event from now on; reconnects indefinitely.

        After an outage, missed events are replayed; if they are no longer stored, a `reset` event means that
        the jobs must be read again. `on_connection` is called when the connection opens and when it is lost.

        Raises:
            errors.AccessDenied: when the session has ended.
            Exception: whatever `on_event` raises.
        """
        await follow(self.url, self._token, on_event, on_connection or _ignore)

    # --- internals ---------------------------------------------------------------------------

    def _file_name(self, job_id: str) -> str:
        """The GIF's file name without what no folder allows.

        Raises:
            errors.JobNotFinished: the job has no GIF, or none yet.
        """
        job = self.job(job_id)
        if job.gif is None:
            raise errors.JobNotFinished(state=job.state, state_text=job.state.text)
        return re.sub(r'[/\\:*?"<>|]', "_", job.gif.file_name)

    def _converted(
        self, source_id: str, recipe: Recipe | None, priority: Priority, on_change: OnJob
    ) -> JobView:
        submit = partial(self.submit, source_id, recipe, priority=priority, idempotency_key=uuid4().hex)
        try:
            return succeeded(self.wait(with_retries(submit).id, on_change))
        except (KeyboardInterrupt, SystemExit):
            cancel_submitted(self, submit, source_id)
            raise


def cancel_submitted(client: Client, submit: Callable[[], JobView], source_id: str) -> None:
    """Cancel the job of an interrupted conversion, unless it is an older one, of another upload."""
    with suppress(errors.GifappError):
        job = submit()  # submitted again, as its response may have been lost
        if job.source is not None and job.source.id == source_id:
            client.cancel(job.id)


def _ignore(*_: Any) -> None:
    """The default callback."""
