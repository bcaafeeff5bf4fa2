"""The Python client: one person's view of a gifapp service."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Self
from uuid import uuid4

import httpx
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from gifapp import errors, faults
from gifapp.client.administrator import Administrator
from gifapp.client.answers import TIMEOUTS, answer_of
from gifapp.client.following import follow
from gifapp.client.retrying import persistently
from gifapp.client.served import ServedGif
from gifapp.client.tokens import FixedToken, KernelToken, SessionToken, Token
from gifapp.client.uploading import OnBytes, send_file
from gifapp.client.waiting import OnJob, wait_for_job
from gifapp.domain.job import JobState, Priority
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.presets import Preset
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import EstimateView, Event, JobView, MeView, ShareView, SourcePage, SourceView
from gifapp.domain.wording import PHASES

_PAGE = 200


class Client:
    """One person's view of one gifapp service."""

    def __init__(self, url: str, token: str | Token, *, page_url: str | None = None) -> None:
        """`url` is the service's address, as in `http://127.0.0.1:8866`.

        Args:
            url: the service's address, without a path.
            token: an API token, an access token, or a function that returns one that is valid now.
            page_url: the address a browser uses instead; empty where the service itself serves the page.
        """
        self.url = url.rstrip("/")
        self.page_url = self.url if page_url is None else page_url
        self._token = FixedToken(token) if isinstance(token, str) else token
        self._http = httpx.Client(base_url=f"{self.url}/api/v1", timeout=TIMEOUTS)

    @classmethod
    def from_environment(cls) -> Self:
        """The client of whoever opened the page that this kernel belongs to."""
        missing = [name for name in ("GIFAPP_URL", "GIFAPP_KERNEL_TOKEN") if name not in os.environ]
        if missing:
            raise errors.SettingInvalid(name=missing[0], problem="it is set only in a dashboard's kernel")
        url = os.environ["GIFAPP_URL"]
        faults.configure(os.environ.get("GIFAPP_SENTRY_DSN"), part="kernel")
        return cls(url, KernelToken(url, os.environ["GIFAPP_KERNEL_TOKEN"]), page_url="")

    @classmethod
    def sign_in(cls, url: str, email: str, password: str) -> Self:
        """The client of an account; the password is used once and not kept."""
        return cls(url, SessionToken(url, email, password))

    def access_token(self) -> str:
        """A token that is valid now: renewed when it is about to expire."""
        return self._token()

    @property
    def administrator(self) -> Administrator:
        """What only administrators may ask."""
        return Administrator(self._call)

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- the verbs of the API ----------------------------------------------------------------

    def me(self) -> MeView:
        """Who signed in, and how much they store of how much they may."""
        return MeView.model_validate(self._call("GET", "/me"))

    def limits(self) -> Limits:
        """What the service takes, at most."""
        told = self._call("GET", "/limits")
        return Limits(**{name: told[name] for name in asdict(Limits()) if name in told})

    def sources(self) -> list[SourceView]:
        """The uploaded videos, newest first."""
        found: list[SourceView] = []
        asked: dict[str, Any] = {"limit": _PAGE}
        while True:
            page = SourcePage.model_validate(self._call("GET", "/sources", params=asked))
            found += page.sources
            if page.next_cursor is None:
                return found
            asked["cursor"] = page.next_cursor

    def source(self, source_id: str) -> SourceView:
        return SourceView.model_validate(self._call("GET", f"/sources/{source_id}"))

    def delete_source(self, source_id: str) -> None:
        self._call("DELETE", f"/sources/{source_id}")

    def upload(
        self, path: Path | str | bytes, on_progress: OnBytes | None = None, *, name: str | None = None
    ) -> SourceView:
        """Upload a video in chunks; after a cut line or a restart of the service, the upload resumes.

        An upload that fails or is interrupted is deleted.

        Args:
            path: the file, or its bytes.
            on_progress: called with the bytes sent so far and all bytes there are.
            name: what the service calls the video; the file's own name by default.

        Raises:
            errors.SourceNotFound, errors.SourceNotReadable: of the file here.
            errors.SourceTooLarge, errors.QuotaExceeded, errors.DiskFull: before the first byte is sent.
            errors.SourceRefused: this is no video that the service can use.
            errors.TooManyRequests: the service asks for a wait of more than two minutes.
            errors.ServiceUnavailable: nothing has got through for about a minute.
            errors.AccessDenied: the token has expired, was revoked, or may not upload.
        """
        name = name or ("video" if isinstance(path, bytes) else Path(path).name)
        with _open(path) as file:
            source_id = send_file(self._send, file, name, on_progress or _ignore)
        return persistently(lambda: self.source(source_id))

    def submit(
        self,
        source_id: str,
        recipe: Recipe | None = None,
        *,
        priority: Priority = "normal",
        run_at: datetime | None = None,
        idempotency_key: str | None = None,
    ) -> JobView:
        """Ask for a GIF.

        Where one of your jobs makes or has made this very GIF, the answer is that one, with `is_repeat`.

        Args:
            source_id: the video.
            recipe: all that decides the GIF.
            priority: among your own jobs; others' wait no longer for it.
            run_at: not before this time, at most 30 days ahead; without a zone it is the local time.
            idempotency_key: a repeat with the same key, after a lost answer, does not ask twice.
        """
        recipe = recipe or Recipe()
        body = {"source_id": source_id, "recipe": recipe.model_dump(mode="json"), "priority": priority}
        if run_at is not None:
            body["run_at"] = run_at.astimezone(UTC).isoformat()
        told = self._call(
            "POST", "/jobs", json=body, headers={"Idempotency-Key": idempotency_key or uuid4().hex}
        )
        return JobView.model_validate(told)

    def estimate(self, source_id: str, recipe: Recipe | None = None) -> EstimateView:
        """About how large the GIF would be: mostly within 15 %, in about a second."""
        body = {"source_id": source_id, "recipe": (recipe or Recipe()).model_dump(mode="json")}
        return EstimateView.model_validate(self._call("POST", "/estimates", json=body))

    def presets(self) -> list[Preset]:
        """The platforms that a recipe may name, and what they take."""
        return [Preset(**one) for one in self._call("GET", "/presets")["presets"]]

    def jobs(self, *, state: JobState | None = None, limit: int = 200) -> list[JobView]:
        """The newest jobs, or those of them in one state, newest first."""
        found: list[JobView] = []
        wanted = {"state": state.value} if state else {}
        cursor: str | None = None
        while len(found) < limit:
            asked = {"limit": min(50, limit - len(found))} | ({"cursor": cursor} if cursor else {})
            page = self._call("GET", "/jobs", params=wanted | asked)
            found += [JobView.model_validate(one) for one in page["jobs"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        return found

    def job(self, job_id: str) -> JobView:
        return JobView.model_validate(self._call("GET", f"/jobs/{job_id}"))

    def wait(self, job_id: str, on_change: OnJob | None = None) -> JobView:
        """Wait until a job has ended, well or not; follows the event stream, across outages.

        Args:
            job_id: the job.
            on_change: called with the job as it is, and after each change.

        Raises:
            errors.NotFound: there is no such job any more.
            errors.ServiceUnavailable: no event stream for two minutes; proxies must pass websockets.
            errors.AccessDenied: the token has expired or was revoked.
        """
        return wait_for_job(self.follow, lambda: self.job(job_id), job_id, on_change or _ignore)

    def cancel(self, job_id: str) -> JobView:
        return JobView.model_validate(self._call("POST", f"/jobs/{job_id}/cancel"))

    def retry(self, job_id: str) -> JobView:
        return JobView.model_validate(self._call("POST", f"/jobs/{job_id}/retry"))

    def delete(self, job_id: str) -> None:
        self._call("DELETE", f"/jobs/{job_id}")

    def share(self, job_id: str, *, expires_in_s: int | None = None) -> ShareView:
        """Make a link that shows the finished GIF to anybody; for a week, unless another time is given.

        Raises:
            errors.JobNotFinished, errors.TooManyShares
        """
        wish = {} if expires_in_s is None else {"expires_in_s": expires_in_s}
        return ShareView.model_validate(self._call("POST", f"/jobs/{job_id}/shares", json=wish))

    def shares(self, job_id: str) -> list[ShareView]:
        """The links to a GIF that have not expired, the revoked ones too, newest first."""
        told = self._call("GET", f"/jobs/{job_id}/shares")["shares"]
        return [ShareView.model_validate(one) for one in told]

    def revoke_share(self, share_id: str) -> None:
        """Revoke a share link."""
        self._call("DELETE", f"/shares/{share_id}")

    def gif(self, job_id: str) -> bytes:
        """The finished GIF."""
        return self._send("GET", f"/jobs/{job_id}/gif").content

    def download(self, job_id: str, path: Path | str) -> Path:
        """Write the finished GIF to `path`: aside, then moved into place."""
        path = Path(path)
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
        """Upload a video, have it converted and fetch the GIF, with a progress bar.

        Interrupting it (Ctrl-C) deletes the upload or cancels the job.

        Raises:
            errors.Cancelled: somebody has cancelled the job.
            errors.GifappError: see `upload`, `submit` and `wait`; and what the conversion failed of.
        """
        with _progress_bar() as bar:
            task = bar.add_task("Uploading", total=1.0)
            source = self.upload(
                path, lambda sent, size: bar.update(task, completed=0.5 * sent / max(1, size))
            )
            job = self._converted(source.id, recipe, priority, lambda job: _show(bar, task, job))
            bar.update(task, completed=1.0, description="Done")
            bar.refresh()  # in a notebook, stopping does not draw the end
        return ServedGif(job, persistently(lambda: self.gif(job.id)))

    async def follow(
        self, on_event: Callable[[Event], None], on_connection: Callable[[bool], None] | None = None
    ) -> None:
        """Call `on_event` with every event from now on; reconnects for ever, and misses none.

        After an outage the events missed are replayed; where they are no longer known, `reset` tells to
        read the jobs again. `on_connection` is told when the connection is there, and when it is lost.

        Raises:
            errors.AccessDenied: when the session has ended.
            Exception: whatever `on_event` raises.
        """
        await follow(self.url, self._token, on_event, on_connection or _ignore)

    # --- how ---------------------------------------------------------------------------------

    def _converted(
        self, source_id: str, recipe: Recipe | None, priority: Priority, on_change: OnJob
    ) -> JobView:
        submit = partial(self.submit, source_id, recipe, priority=priority, idempotency_key=uuid4().hex)
        try:
            return _succeeded(self.wait(persistently(submit).id, on_change))
        except (KeyboardInterrupt, SystemExit):
            with suppress(errors.GifappError):
                self._cancel_new(submit(), source_id)  # again: its answer may not have come in
            raise

    def _cancel_new(self, job: JobView, source_id: str) -> None:
        """Cancel the job, unless an earlier submission made it, of another upload."""
        if job.source is not None and job.source.id == source_id:
            self.cancel(job.id)

    def _call(self, method: str, path: str, **request: Any) -> Any:
        answer = self._send(method, path, **request)
        return answer.json() if answer.content else None

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.access_token()}", **request.pop("headers", {})}
        return answer_of(self._http, method, path, headers=headers, **request)


def _open(path: Path | str | bytes) -> BinaryIO:
    if isinstance(path, bytes):
        return BytesIO(path)
    try:
        return Path(path).open("rb")
    except FileNotFoundError:
        raise errors.SourceNotFound(name=Path(path).name) from None
    except OSError:
        raise errors.SourceNotReadable(name=Path(path).name) from None


def _succeeded(job: JobView) -> JobView:
    """The job, or the error it ended with."""
    if job.error is not None and job.state is not JobState.SUCCEEDED:
        raise errors.GifappError.retold(job.error.code, job.error.detail, {})
    if job.state is JobState.CANCELLED:
        raise errors.Cancelled
    return job


def _show(bar: Progress, task: TaskID, job: JobView) -> None:
    words = PHASES[job.progress.phase] if job.state is JobState.RUNNING else "Waiting"
    bar.update(task, completed=0.5 + 0.5 * job.progress.fraction, description=words)


def _progress_bar() -> Progress:
    """A bar on a terminal, and one in a notebook's cell."""
    return Progress(TextColumn("{task.description:<16}"), BarColumn(), TimeRemainingColumn())


def _ignore(*_: Any) -> None:
    """For whoever did not ask to be told."""
