"""Videos from links: the server fetches them, if an administrator allows it, and reports its progress."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from functools import partial
from typing import Any, ClassVar

from pydantic import BaseModel, Field
from tornado.iostream import StreamClosedError

from gifapp import errors
from gifapp.domain.views.jobs import LinkProgress, SourceView
from gifapp.storage.incoming import Incoming
from gifapp.web.handlers.sources import Upload, signed
from gifapp.web.http.base import PrivateHandler
from gifapp.web.http.links import MAX_LINK_CHARACTERS, LinkedFile, parse_link
from gifapp.web.http.operations import operation
from gifapp.web.http.payloads import Payload
from gifapp.web.http.problems import problem, status_of

DEADLINE_S = 1800.0
_REPORT_EVERY_S = 0.3


class Link(Payload):
    url: str = Field(min_length=1, max_length=MAX_LINK_CHARACTERS)


class LinksHandler(PrivateHandler):
    limited_as: ClassVar = {"POST": "uploads"}

    @operation(
        "Fetch a video from a link",
        produces=["application/x-ndjson"],
        raises=[
            errors.LinksNotAllowed,
            errors.LinkInvalid,
            errors.LinkNotPublic,
            errors.LinkFailed,
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
        if self.parts.link_fetcher is None:
            raise errors.LinksNotAllowed
        parse_link(body.url)
        with self.parts.link_fetcher.turn(self.user.user_id), suppress(asyncio.CancelledError):
            self._fetching = asyncio.ensure_future(self._fetch(body.url))
            await self._fetching

    def on_connection_close(self) -> None:
        super().on_connection_close()
        if fetching := getattr(self, "_fetching", None):
            fetching.cancel()

    async def _fetch(self, link: str) -> None:
        try:
            async with asyncio.timeout(DEADLINE_S):
                await self._add(link)
        except TimeoutError:
            host = parse_link(link).host
            self._fail(errors.LinkFailed(host=host, problem="took longer than half an hour"))
        except StreamClosedError:
            return
        except errors.GifappError as error:
            self._fail(error)

    def _fail(self, error: errors.GifappError) -> None:
        if not self._headers_written:
            raise error
        self._line({"problem": problem(error, status_of(error), self.request_id)})

    async def _add(self, link: str) -> None:
        assert self.parts.link_fetcher is not None  # noqa: S101  checked by post
        upload: Upload[Incoming] = Upload(self.parts)
        async with self.parts.link_fetcher.open(link) as file:
            self._check_length(file.length_bytes or 0)
            begin = partial(
                self.parts.services.sources.incoming, self.user.user_id, declared_bytes=file.length_bytes or 0
            )
            await upload.open(begin, self.run_blocking)
            try:
                await self._receive(file, upload)
                add = partial(self._keep, file.name)
                source = await upload.step(add, self._probe)
            finally:
                await asyncio.shield(upload.close())
        self._line({"source": signed(self, source).model_dump(mode="json")})

    async def _receive(self, file: LinkedFile, upload: Upload[Incoming]) -> None:
        self.set_header("Content-Type", "application/x-ndjson")
        received_bytes, reported_at = 0, 0.0
        async for part in file.parts:
            await upload.write(part)
            received_bytes += len(part)
            if time.monotonic() - reported_at > _REPORT_EVERY_S:
                reported_at = time.monotonic()
                await self._report(received_bytes, file.length_bytes)

    async def _report(self, received_bytes: int, total_bytes: int | None) -> None:
        self._line(LinkProgress(received_bytes=received_bytes, total_bytes=total_bytes))
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
