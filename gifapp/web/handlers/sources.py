"""Videos: streamed to disk, listed, previewed, renamed, deleted, restored."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from typing import Annotated, Any, ClassVar, Generic, Protocol, TypeVar

from pydantic import AfterValidator, Field

from gifapp import errors
from gifapp.domain.views.jobs import SourcePage, SourceView
from gifapp.storage.incoming import Incoming
from gifapp.web.http.base import PrivateHandler
from gifapp.web.http.context import Parts
from gifapp.web.http.operations import operation
from gifapp.web.http.payloads import PageQuery, Query, Renaming
from gifapp.web.traffic.stalled_clients import Pace

UPLOAD_TIMEOUT_S = 6 * 3600.0
GATHERED_BYTES = 1024 * 1024
READ_BYTES = 256 * 1024  # per read from the socket

Result = TypeVar("Result")
Run = Callable[[Callable[[], Any]], Awaitable[Any]]


def shown_name(file_name: str) -> str:
    """A file's name for display: without folders or unprintable characters.

    Raises:
        ValueError: nothing is left of it.
    """
    name = file_name.replace("\\", "/").rpartition("/")[2]
    name = "".join(letter for letter in name if letter.isprintable()).strip()
    if not name:
        raise ValueError("must not be empty, or only folders and unprintable characters")
    return name


class UploadQuery(Query):
    name: Annotated[str, Field(max_length=255), AfterValidator(shown_name)] = "video"


class Destination(Protocol):
    """A destination for the bytes of a video."""

    def write(self, chunk: bytes) -> None: ...


DestinationT = TypeVar("DestinationT", bound=Destination)


class Upload(Generic[DestinationT]):
    """Writes a video to disk, one step at a time, each on a thread.

    While a chunk is written, the next ones are buffered up to a limit, so that the socket never waits for a
    thread to start, and small chunks are written together.
    """

    destination: DestinationT

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._opened = ExitStack()
        self._turn = asyncio.Lock()  # the client may disconnect during a step
        self._gathered: list[bytes] = []
        self._gathered_bytes = 0
        self._writer: asyncio.Task[None] | None = None

    async def open(self, begin: Callable[[], AbstractContextManager[DestinationT]], run: Run) -> None:
        async with self._turn:
            self.destination = await run(lambda: self._opened.enter_context(begin()))

    async def write(self, chunk: bytes) -> None:
        """Buffer the chunk; raises the error of an earlier write, if any."""
        self._gathered.append(chunk)
        self._gathered_bytes += len(chunk)
        if self._writer is None or self._writer.done():
            await self._written()
            self._writer = asyncio.create_task(self._write_gathered())
        while self._gathered_bytes >= GATHERED_BYTES and not self._writer.done():
            await asyncio.wait([self._writer, self._writing], return_when=asyncio.FIRST_COMPLETED)

    async def step(self, step: Callable[[DestinationT], Result], run: Run | None = None) -> Result:
        """Run `step` once all bytes are written; `run` runs it elsewhere than on the upload's threads."""
        async with self._turn:
            await self._written()
            return await (run or self._run)(partial(step, self.destination))

    async def close(self) -> None:
        """Remove the upload unless it was kept."""
        async with self._turn:
            if self._writer is not None:
                await asyncio.gather(self._writer, return_exceptions=True)
            await self._run(self._opened.close)

    async def _written(self) -> None:
        if self._writer is not None:
            await self._writer

    async def _write_gathered(self) -> None:
        while self._gathered:
            chunks, self._gathered, self._gathered_bytes = self._gathered, [], 0
            self._writing = self._run(lambda these=chunks: self.destination.write(b"".join(these)))
            await self._writing

    def _run(self, step: Callable[..., Result]) -> asyncio.Future[Result]:
        return asyncio.get_running_loop().run_in_executor(self._parts.upload_writers, step)


class ReceivingHandler(PrivateHandler, Generic[DestinationT]):
    """Writes the request body to `upload`, and closes it however the request ends."""

    body_timeout_s = UPLOAD_TIMEOUT_S

    upload: Upload[DestinationT] | None = None
    _pace: Pace | None = None

    async def prepare(self) -> None:
        connection: Any = self.request.connection
        connection.stream.read_chunk_size = READ_BYTES
        await super().prepare()

    async def probe_in_turn(self, step: Callable[[], Result]) -> Result:
        """Run `step`, which probes an upload for seconds, when it is the owner's turn."""
        return await self.run_in_turn(self.parts.probes, self.user.user_id, step)

    async def receive(self, chunk: bytes) -> None:
        if self.upload is None:
            await super().receive(chunk)
            return
        assert self._pace is not None  # noqa: S101  begun with the upload
        self._pace.pause()
        await self.upload.write(chunk)
        self._pace.received(len(chunk))

    def take(self, upload: Upload[DestinationT]) -> None:
        """Write the body to `upload` from now on, and disconnect a client that sends too slowly."""
        connection: Any = self.request.connection
        self.upload = upload
        if connection.stream.closed():  # it was closed while the upload was being opened
            self.give_up()
            return
        self._pace = Pace(self.parts.upload_stall_s, connection.stream.close)

    def has_all(self) -> None:
        """Note that the body is complete: the client can no longer be too slow."""
        if self._pace is not None:
            self._pace.stop()

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.give_up()
        super().write_error(status_code, **kwargs)

    def on_connection_close(self) -> None:
        self.give_up()
        super().on_connection_close()

    def give_up(self) -> None:
        self.has_all()
        if self.upload is not None:
            closing = asyncio.get_running_loop().create_task(self.upload.close())
            self.parts.cleanup_tasks.add(closing)
            closing.add_done_callback(self.parts.cleanup_tasks.discard)


class SourcesHandler(ReceivingHandler[Incoming]):
    limited_as: ClassVar = {"POST": "uploads"}

    async def prepare(self) -> None:
        await super().prepare()
        if self.request.method == "POST":
            self._refuse_forms()
            self._name = self.query(UploadQuery).name
            upload: Upload[Incoming] = Upload(self.parts)
            room_for = self._declared_bytes()  # 0: unknown
            begin = self.parts.services.sources.incoming
            await upload.open(partial(begin, self.user.user_id, declared_bytes=room_for), self.run_blocking)
            self.take(upload)

    @operation("List my videos, newest first, paged", has_etag=True)
    async def get(self, query: PageQuery) -> SourcePage:
        owner_id = self.user.user_id
        page = await self.run_blocking(
            self.parts.services.sources.page, owner_id, limit=query.limit, cursor=query.cursor
        )
        return self.parts.media.sources(page, owner_id)

    @operation(
        "Upload a video; the body is the raw file, not a form",
        status=201,
        reads_itself=[UploadQuery],
        consumes=["*/*"],
        response_headers=["Location"],
        raises=[
            *errors.SourceRefused.all().values(),
            errors.ContentTypeWrong,
            errors.QuotaExceeded,
            errors.DiskFull,
        ],
    )
    async def post(self) -> SourceView:
        assert self.upload is not None  # noqa: S101  opened by prepare
        self.has_all()
        try:
            source = await self.upload.step(self._add, self.probe_in_turn)
        finally:
            await self.upload.close()
        self.set_header("Location", f"/api/v1/sources/{source.id}")
        return signed(self, source)

    def _add(self, incoming: Incoming) -> SourceView:
        return self.parts.services.sources.add(self.user.user_id, incoming, self._name)

    def body_limit(self) -> int:
        is_upload = self.request.method == "POST"
        return self.parts.services.limits.max_upload_bytes if is_upload else self.max_body_bytes

    def too_large(self) -> errors.GifappError:
        return errors.SourceTooLarge(limit_bytes=self.body_limit())

    def _refuse_forms(self) -> None:
        # curl declares every body a form; only multipart bodies really are
        if self.request.headers.get("Content-Type", "").lower().startswith("multipart/"):
            raise errors.ContentTypeWrong(expected="the file's own bytes, not as a form")


class SourceHandler(PrivateHandler):
    @operation("Get one of my videos", has_etag=True)
    async def get(self, source_id: str) -> SourceView:
        source = await self.run_blocking(self.parts.services.sources.find, self.user.user_id, source_id)
        return signed(self, source)

    @operation("Rename a video")
    async def patch(self, source_id: str, body: Renaming) -> SourceView:
        """Its GIFs that have no name of their own follow."""
        rename = self.parts.services.sources.rename
        return signed(self, await self.run_blocking(rename, self.user.user_id, source_id, body.name))

    @operation("Delete a video; finished GIFs are kept", raises=[errors.SourceInUse])
    async def delete(self, source_id: str) -> None:
        """For 30 seconds, it can be restored."""
        await self.run_blocking(self.parts.services.sources.delete, self.user.user_id, source_id)


class RestoreHandler(PrivateHandler):
    @operation("Undo the deletion of a video")
    async def post(self, source_id: str) -> SourceView:
        """404 once it was purged, which happens about 30 seconds after the deletion."""
        source = await self.run_blocking(self.parts.services.sources.restore, self.user.user_id, source_id)
        return signed(self, source)


def signed(handler: PrivateHandler, source: SourceView) -> SourceView:
    """The source with signed URLs for its owner, the caller."""
    return handler.parts.media.source(source, handler.user.user_id)
