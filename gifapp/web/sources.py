"""Videos: streamed to the disk while they arrive, listed, shown as a poster, deleted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import AfterValidator, Field

from gifapp import errors
from gifapp.domain.views import SourcePage, SourceView
from gifapp.jobs.blobs import Incoming
from gifapp.web.base import PrivateHandler
from gifapp.web.operations import operation
from gifapp.web.parts import Parts
from gifapp.web.payloads import PageQuery, Query

UPLOAD_TIMEOUT_S = 6 * 3600.0

Result = TypeVar("Result")


def shown_name(given: str) -> str:
    """A file's name for people to read: no folders, nothing that is not seen.

    Raises:
        ValueError: nothing is left of it.
    """
    name = given.replace("\\", "/").rpartition("/")[2]
    name = "".join(letter for letter in name if letter.isprintable()).strip()
    if not name:
        raise ValueError("a name is needed")
    return name


class UploadQuery(Query):
    name: Annotated[str, Field(max_length=255), AfterValidator(shown_name)] = "video"


class Upload:
    """A video on its way to the disk: one step at a time, each off the loop."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._opened = ExitStack()
        self._turn = asyncio.Lock()  # the client may leave while a part is being written

    async def open(self, owner_id: str, declared_bytes: int) -> None:
        """Begin it, if there is room for so many bytes; 0: nobody knows how many."""
        async with self._turn:
            self._incoming = await self._run(self._begin, owner_id, declared_bytes)

    def _begin(self, owner_id: str, declared_bytes: int) -> Incoming:
        return self._opened.enter_context(
            self._parts.service.incoming(owner_id, declared_bytes=declared_bytes)
        )

    async def write(self, chunk: bytes) -> None:
        async with self._turn:
            await self._run(self._incoming.write, chunk)

    async def add(self, owner_id: str, name: str) -> SourceView:
        """Make a source of it; few of them at once, since looking into a file costs a process each."""
        async with self._turn:
            loop, add_source = asyncio.get_running_loop(), self._parts.service.add_source
            return await loop.run_in_executor(self._parts.probes, add_source, owner_id, self._incoming, name)

    async def close(self) -> None:
        """Remove what was not kept."""
        async with self._turn:
            await self._run(self._opened.close)

    async def _run(self, step: Callable[..., Result], *args: Any) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._parts.threads, step, *args)


class SourcesHandler(PrivateHandler):
    body_timeout_s = UPLOAD_TIMEOUT_S
    limited_as: ClassVar = {"POST": "uploads"}

    _upload: Upload | None = None

    async def prepare(self) -> None:
        await super().prepare()
        if self.request.method == "POST":
            self._refuse_forms()
            self._name = self.query(UploadQuery).name
            self._upload = Upload(self.parts)
            await self._upload.open(self.user.user_id, self._declared_bytes())

    @operation("My videos, newest first, a page at a time", is_tagged=True)
    async def get(self, asked: PageQuery) -> SourcePage:
        owner_id = self.user.user_id
        page = await self.run_blocking(
            self.parts.service.source_page, owner_id, limit=asked.limit, cursor=asked.cursor
        )
        return self.parts.media.sources(page, owner_id)

    @operation(
        "Upload a video; the body is the file itself, not a form",
        status=201,
        reads_itself=[UploadQuery],
        takes=["*/*"],
        answer_headers=["Location"],
        raises=[
            *errors.SourceRefused.all().values(),
            errors.ContentTypeWrong,
            errors.QuotaExceeded,
            errors.DiskFull,
        ],
    )
    async def post(self) -> SourceView:
        assert self._upload is not None  # noqa: S101  opened by prepare
        try:
            source = await self._upload.add(self.user.user_id, self._name)
        finally:
            await self._upload.close()
        self.set_header("Location", f"/api/v1/sources/{source.id}")
        return signed(self, source)

    async def receive(self, chunk: bytes) -> None:
        if self._upload is None:
            await super().receive(chunk)
        else:
            await self._upload.write(chunk)

    def body_limit(self) -> int:
        is_upload = self.request.method == "POST"
        return self.parts.limits.max_upload_bytes if is_upload else self.max_body_bytes

    def too_large(self) -> errors.GifappError:
        return errors.SourceTooLarge(limit_bytes=self.body_limit())

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self._give_up()
        super().write_error(status_code, **kwargs)

    def on_connection_close(self) -> None:
        self._give_up()
        super().on_connection_close()

    def _give_up(self) -> None:
        if self._upload is not None:
            closing = asyncio.get_running_loop().create_task(self._upload.close())
            self.parts.closing.add(closing)
            closing.add_done_callback(self.parts.closing.discard)

    def _refuse_forms(self) -> None:
        # curl calls every body a form; only one in several parts really is
        if self.request.headers.get("Content-Type", "").lower().startswith("multipart/"):
            raise errors.ContentTypeWrong(expected="the file's own bytes, not as a form")


class SourceHandler(PrivateHandler):
    @operation("One of my videos", is_tagged=True)
    async def get(self, source_id: str) -> SourceView:
        source = await self.run_blocking(self.parts.service.source, self.user.user_id, source_id)
        return signed(self, source)

    @operation("Forget a video; finished GIFs stay", raises=[errors.SourceInUse])
    async def delete(self, source_id: str) -> None:
        await self.run_blocking(self.parts.service.delete_source, self.user.user_id, source_id)


def signed(handler: PrivateHandler, source: SourceView) -> SourceView:
    """The source with addresses for its owner, who asks."""
    return handler.parts.media.source(source, handler.user.user_id)
