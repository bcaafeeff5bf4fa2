"""The client for code that runs on an event loop, and for many videos at once."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Self, TypeVar
from uuid import uuid4

from rich.progress import Progress

from gifapp import errors
from gifapp.client.client import Client, cancel_submitted
from gifapp.client.progress_bar import add_line, progress_bar, show, show_upload
from gifapp.client.retrying import with_retries
from gifapp.client.served import ServedGif
from gifapp.client.tokens import SessionToken, Token
from gifapp.client.uploading import OnBytes, video_name
from gifapp.client.waiting import OnJob, await_job, succeeded
from gifapp.domain.job import Priority
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import Event, JobView, SourceView

_AT_ONCE = 4  # each is followed on a websocket of its own

P = ParamSpec("P")
R = TypeVar("R")


def _coroutine(
    method: Callable[Concatenate[Client, P], R],
) -> Callable[Concatenate[AsyncClient, P], Coroutine[Any, Any, R]]:
    """The method as a coroutine, which sends its requests from another thread."""

    @functools.wraps(method)
    async def call(self: AsyncClient, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await asyncio.to_thread(method, self.client, *args, **kwargs)

    return call


class AsyncClient:
    """The methods of `Client` as coroutines, and `convert_many`.

    ::

        async with await gifapp.AsyncClient.sign_in(url, email, password) as client:
            gif = await client.convert("clip.mp4")
    """

    def __init__(self, url: str, token: str | Token) -> None:
        """Create a client for the service at `url`; for the arguments, see `Client`."""
        self.client = Client(url, token)
        """The same client for synchronous code; its `administrator` has the methods for administrators."""

    @classmethod
    async def sign_in(cls, url: str, email: str, password: str) -> Self:
        """The client of an account; the password is used once and not stored."""
        return cls(url, await asyncio.to_thread(SessionToken, url, email, password))

    def close(self) -> None:
        self.client.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    me = _coroutine(Client.me)
    limits = _coroutine(Client.limits)
    presets = _coroutine(Client.presets)

    sources = _coroutine(Client.sources)
    source = _coroutine(Client.source)
    fetch = _coroutine(Client.fetch)
    rename_source = _coroutine(Client.rename_source)
    delete_source = _coroutine(Client.delete_source)
    restore_source = _coroutine(Client.restore_source)
    estimate = _coroutine(Client.estimate)
    preview = _coroutine(Client.preview)
    frame_strip = _coroutine(Client.frame_strip)

    submit = _coroutine(Client.submit)
    jobs = _coroutine(Client.jobs)
    job_page = _coroutine(Client.job_page)
    job = _coroutine(Client.job)
    rename = _coroutine(Client.rename)
    cancel = _coroutine(Client.cancel)
    retry = _coroutine(Client.retry)
    delete = _coroutine(Client.delete)
    restore = _coroutine(Client.restore)
    apply = _coroutine(Client.apply)

    gif = _coroutine(Client.gif)
    frames = _coroutine(Client.frames)
    frame = _coroutine(Client.frame)
    contact_sheet = _coroutine(Client.contact_sheet)
    download = _coroutine(Client.download)
    archive = _coroutine(Client.archive)
    share = _coroutine(Client.share)
    shares = _coroutine(Client.shares)
    revoke_share = _coroutine(Client.revoke_share)

    save_recipe = _coroutine(Client.save_recipe)
    saved_recipes = _coroutine(Client.saved_recipes)
    saved_recipe = _coroutine(Client.saved_recipe)
    delete_recipe = _coroutine(Client.delete_recipe)
    share_recipe = _coroutine(Client.share_recipe)
    unshare_recipe = _coroutine(Client.unshare_recipe)

    async def upload(
        self, path: Path | str | bytes, on_progress: OnBytes | None = None, *, name: str | None = None
    ) -> SourceView:
        """Upload a video; see `Client.upload`. An upload that is cancelled is deleted.

        `on_progress` is called on another thread.
        """
        is_wanted = True

        def progress(sent: int, size: int) -> None:
            if not is_wanted:
                raise asyncio.CancelledError
            if on_progress is not None:
                on_progress(sent, size)

        try:
            return await asyncio.to_thread(self.client.upload, path, progress, name=name)
        finally:
            is_wanted = False

    async def wait(self, job_id: str, on_change: OnJob | None = None) -> JobView:
        """Wait until a job has ended, successfully or not; see `Client.wait`."""
        return await await_job(self.follow, lambda: self.client.job(job_id), job_id, on_change or _ignore)

    async def convert(
        self, path: Path | str | bytes, recipe: Recipe | None = None, *, priority: Priority = "normal"
    ) -> ServedGif:
        """Upload a video, convert it and download the GIF, with a progress bar.

        Cancelling it deletes the upload or cancels the job.

        Raises:
            errors.Cancelled: the job was cancelled.
            errors.GifappError: see `upload`, `submit` and `wait`; or the error of the conversion.
        """
        with progress_bar() as bar:
            return await self._converted(path, recipe, priority, bar)

    async def convert_many(
        self,
        paths: Iterable[Path | str | bytes],
        recipe: Recipe | None = None,
        *,
        priority: Priority = "normal",
    ) -> list[ServedGif | errors.GifappError]:
        """Convert videos with one recipe, with a progress bar for each.

        Cancelling it deletes the uploads and cancels the jobs that are unfinished.

        Returns:
            In the order of `paths`, each GIF, or the error that its conversion ended with.
        """
        turns = asyncio.Semaphore(_AT_ONCE)

        async def result(path: Path | str | bytes, bar: Progress) -> ServedGif | errors.GifappError:
            async with turns:
                try:
                    return await self._converted(path, recipe, priority, bar)
                except errors.GifappError as error:
                    return error

        with progress_bar() as bar:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(result(path, bar)) for path in paths]
        return [task.result() for task in tasks]

    async def follow(
        self, on_event: Callable[[Event], None], on_connection: Callable[[bool], None] | None = None
    ) -> None:
        """Call `on_event` with every event from now on; see `Client.follow`."""
        await self.client.follow(on_event, on_connection)

    async def _converted(
        self, path: Path | str | bytes, recipe: Recipe | None, priority: Priority, bar: Progress
    ) -> ServedGif:
        line = add_line(bar, video_name(path))
        source = await self.upload(path, partial(show_upload, bar, line))
        submit = partial(
            self.client.submit, source.id, recipe, priority=priority, idempotency_key=uuid4().hex
        )
        try:
            submitted = await asyncio.to_thread(with_retries, submit)
            job = succeeded(await self.wait(submitted.id, partial(show, bar, line)))
        except asyncio.CancelledError:
            await asyncio.to_thread(cancel_submitted, self.client, submit, source.id)
            raise
        gif = await asyncio.to_thread(with_retries, partial(self.client.gif, job.id))
        bar.update(line, completed=1.0, description="Done")
        bar.refresh()  # in a notebook, stopping does not draw the end
        return ServedGif(job, gif)


def _ignore(*_: Any) -> None:
    """The default callback."""
