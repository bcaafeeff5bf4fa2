"""Fetches videos from links, if an administrator allows it, and reports the progress."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, Field
from tornado.iostream import StreamClosedError

from gifapp import errors
from gifapp.domain.views.jobs import LinkProgress, SourceView
from gifapp.storage.incoming import Incoming
from gifapp.web.handlers.sources import Upload, shown_name, signed
from gifapp.web.http.base import PrivateHandler
from gifapp.web.http.fetching import MAX_LINK_CHARACTERS, LinkedFile, LinkFetcher, parse_link
from gifapp.web.http.operations import operation
from gifapp.web.http.payloads import Payload
from gifapp.web.http.problems import problem, status_of

DEADLINE_S = 1800.0
MAX_NAME_CHARACTERS = 255
_REPORT_EVERY_S = 0.3
_STILL_HERE_S = 15.0  # clients give up on connections that are silent for minutes

Result = TypeVar("Result")


class Link(Payload):
    url: str = Field(min_length=1, max_length=MAX_LINK_CHARACTERS)


class FetchHandler(PrivateHandler):
    limited_as: ClassVar = {"POST": "uploads"}

    _progress = LinkProgress(received_bytes=0, total_bytes=None)
    _has_left = False
    _waiting: asyncio.Future[Any] | None = None

    @operation(
        "Fetch a video from a link",
        produces=["application/x-ndjson"],
        raises=[
            errors.LinksNotAllowed,
            errors.LinkInvalid,
            errors.LinkNotPublic,
            errors.LinkFailed,
            errors.LinkInterrupted,
            *errors.SourceRefused.all().values(),
            errors.TooManyAtOnce,
            errors.QuotaExceeded,
            errors.DiskFull,
        ],
    )
    async def post(self, body: Link) -> None:
        """Lines of JSON, while the file is fetched: `received_bytes` and `total_bytes` (null: unknown).

        The last line has `source`, or `problem` if it failed after the first line. Closing the connection
        cancels it.
        """
        fetcher = self.parts.link_fetcher
        if fetcher is None:
            raise errors.LinksNotAllowed
        self._host = parse_link(body.url).host
        with fetcher.running.turn(self.user.user_id), suppress(StreamClosedError):
            await self._fetch(fetcher, body.url)

    def on_connection_close(self) -> None:
        super().on_connection_close()
        self._has_left = True
        if self._waiting is not None:
            self._waiting.cancel()

    async def _fetch(self, fetcher: LinkFetcher, link: str) -> None:
        upload: Upload[Incoming] = Upload(self.parts)
        try:
            name = await self._download(fetcher, link, upload)
            source = await self._reporting(upload.step(partial(self._keep, name), self._probe))
            self._line({"source": signed(self, source).model_dump(mode="json")})
        except errors.GifappError as error:
            self._fail(error)
        finally:
            await upload.close()

    def _fail(self, error: errors.GifappError) -> None:
        if not self._headers_written:
            raise error
        self._line({"problem": problem(error, status_of(error), self.request_id)})

    async def _download(self, fetcher: LinkFetcher, link: str, upload: Upload[Incoming]) -> str:
        """Write the link's file to `upload`; returns its name."""
        ends_at = asyncio.get_running_loop().time() + DEADLINE_S
        async with AsyncExitStack() as opened:
            file = await self._wait_for(
                opened.enter_async_context(fetcher.open(self.user.user_id, link)), ends_at
            )
            self._check_length(file.length_bytes or 0)
            begin = partial(
                self.parts.services.sources.incoming, self.user.user_id, declared_bytes=file.length_bytes or 0
            )
            await upload.open(begin, self.run_blocking)
            await self._receive(file, upload, ends_at)
        return _name_in(file.path)

    async def _receive(self, file: LinkedFile, upload: Upload[Incoming], ends_at: float) -> None:
        self.set_header("Content-Type", "application/x-ndjson")
        received_bytes, reported_at = 0, 0.0
        while part := await self._wait_for(anext(file.parts, b""), ends_at):
            await upload.write(part)
            received_bytes += len(part)
            self._progress = LinkProgress(received_bytes=received_bytes, total_bytes=file.length_bytes)
            if time.monotonic() - reported_at > _REPORT_EVERY_S:
                reported_at = time.monotonic()
                await self._report()

    async def _wait_for(self, answer: Awaitable[Result], ends_at: float) -> Result:
        """Wait for the other server. Only this is cancelled when the client leaves: writing ends by itself.

        Raises:
            StreamClosedError: the client has left.
            errors.LinkInterrupted: the deadline has passed.
        """
        self._waiting = waiting = asyncio.ensure_future(answer)
        if self._has_left:
            waiting.cancel()
        try:
            async with asyncio.timeout_at(ends_at):
                return await waiting
        except asyncio.CancelledError:
            raise StreamClosedError from None
        except TimeoutError:
            problem = "it took longer than half an hour"
            raise errors.LinkInterrupted(host=self._host, problem=problem) from None

    async def _reporting(self, keeping: Awaitable[Result]) -> Result:
        """The result, with a line of progress now and then while it is awaited."""
        task: asyncio.Future[Result] = asyncio.ensure_future(keeping)
        while not (await asyncio.wait([task], timeout=_STILL_HERE_S))[0]:
            with suppress(StreamClosedError):
                await self._report()
        return await task

    async def _report(self) -> None:
        self._line(self._progress)
        await self.flush()

    def _line(self, content: BaseModel | dict[str, Any]) -> None:
        fields = content.model_dump(mode="json") if isinstance(content, BaseModel) else content
        self.write(json.dumps(fields, default=str) + "\n")

    def _keep(self, name: str, incoming: Incoming) -> SourceView:
        return self.parts.services.sources.add(self.user.user_id, incoming, name)

    async def _probe(self, step: Any) -> Any:
        return await self.run_in_turn(self.parts.probes, self.user.user_id, step)

    def _check_length(self, length_bytes: int) -> None:
        limit_bytes = self.parts.services.limits.max_upload_bytes
        if length_bytes > limit_bytes:
            raise errors.SourceTooLarge(limit_bytes=limit_bytes)


def _name_in(path: str) -> str:
    try:
        return shown_name(path)[-MAX_NAME_CHARACTERS:]
    except ValueError:
        return "video"
