"""Media files, from GIFs to original videos, with ranges, ETags and the users' own file names.

Tornado's StaticFileHandler implements ranges and ETags; these handlers choose the file and check its owner.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Annotated, ClassVar, NamedTuple
from urllib.parse import quote

import tornado.web
from pydantic import Field

from gifapp import errors
from gifapp.conversion.playable import MEDIA_TYPES
from gifapp.domain.filmstrip import TILES
from gifapp.domain.recipes.output_formats import FILE_KINDS
from gifapp.domain.recipes.parts import MAX_TIME_S
from gifapp.storage.blob import Blob
from gifapp.web.http.base import BaseHandler
from gifapp.web.http.operations import Access, operation
from gifapp.web.http.payloads import Query
from gifapp.web.http.signing import MediaKind
from gifapp.web.traffic.fair_pool import FairPool

_MAX_NAME_CHARACTERS = 150
_CHUNK_BYTES = 64 * 1024
_CACHE = "private, max-age=86400, immutable"
# no `sandbox`: a browser shows a video in a page of its own, which then loads the video
_POLICY_OF_OURS = "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
# `sandbox`: an uploaded file must never act as a page of ours
_POLICY_OF_ORIGINALS = "default-src 'none'; frame-ancestors 'none'; sandbox"


class FileQuery(Query):
    download: str = Field("", description="1: send it as an attachment, which browsers save")


class Picture(NamedTuple):
    blob: Blob
    content_type: str
    tag: str  # the ETag, in the quotes that HTTP requires
    file_name: str


def disposition(kind: str, file_name: str) -> str:
    """A Content-Disposition header (RFC 6266): `filename*` for the name, `filename` for old clients."""
    stem, dot, suffix = file_name.rpartition(".")
    name = "".join(c for c in (stem or suffix) if c.isprintable() and c not in '/\\"')[:_MAX_NAME_CHARACTERS]
    name += dot + suffix if stem else ""
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


class MediaHandler(BaseHandler):
    """For an item's owner, or for anyone with a signed URL."""

    access: ClassVar[Access] = "signed in"  # `openapi` overrides this for signed routes
    signed_kind: ClassVar[MediaKind]

    def initialize(self, *, signed: bool = False) -> None:
        """`signed`: anyone with a signed URL has access; otherwise only the signed-in owner."""
        self._signed = signed

    async def owner_id(self, item_id: str) -> str:
        """The owner whose item is requested: the signer of the URL, or the caller.

        Raises:
            errors.AccessDenied
        """
        if not self._signed:
            return (await self.caller()).user_id
        query = {name: self.get_query_argument(name) for name in self.request.query_arguments}
        owner_id = self.parts.media.owner(self.signed_kind, item_id, query)
        if not await self.run_blocking(self.parts.identity.is_enabled, owner_id):
            raise errors.MediaLinkInvalid
        return owner_id


class FileHandler(BaseHandler, tornado.web.StaticFileHandler):
    """Serves one file."""

    policy: ClassVar = _POLICY_OF_OURS

    def initialize(self) -> None:  # type: ignore[override]
        self.root = ""

    async def send(self, picture: Picture, *, include_body: bool) -> None:
        """Respond with the file, or the requested range of it."""
        self._picture = picture
        if self.request.headers.get("If-Range", picture.tag) != picture.tag:  # Tornado ignores If-Range
            self.request.headers.pop("Range", None)
        with ExitStack() as stack:
            try:
                path = await self.run_blocking(
                    stack.enter_context, self.parts.services.blobs.store.local(picture.blob)
                )
            except FileNotFoundError:
                raise errors.NotFound(kind="file") from None
            await tornado.web.StaticFileHandler.get(self, str(path), include_body)
        if self.get_status() == 416:
            self.write_error(416)

    def get_content(  # type: ignore[override]
        self, abspath: str, start: int | None = None, end: int | None = None
    ) -> Iterator[bytes]:
        """Yield the file, or the part from `start` to `end`; the connection ends with the file.

        A file that is open takes disk space after its removal: a client that reads slowly could keep it.
        """
        with open(abspath, "rb") as file:  # noqa: PTH123
            file.seek(start or 0)
            left = (end or sys.maxsize) - (start or 0)
            while chunk := file.read(min(_CHUNK_BYTES, left)):
                if not os.fstat(file.fileno()).st_nlink:
                    self.request.connection.stream.close()  # type: ignore[union-attr]
                    return
                left -= len(chunk)
                yield chunk

    def parse_url_path(self, url_path: str) -> str:
        return url_path

    def validate_absolute_path(self, root: str, absolute_path: str) -> str:  # noqa: ARG002
        return absolute_path

    @classmethod
    def get_absolute_path(cls, root: str, path: str) -> str:  # noqa: ARG003
        return path

    def compute_etag(self) -> str:
        return self._picture.tag

    def get_content_type(self) -> str:
        return self._picture.content_type

    def set_extra_headers(self, path: str) -> None:  # noqa: ARG002
        wants_file = self.query(FileQuery).download not in ("", "0")
        kind = "attachment" if wants_file else "inline"
        self.set_header("Content-Disposition", disposition(kind, self._picture.file_name))
        # a file to save has a name, which its owner may change
        self.set_header("Cache-Control", "private, no-cache" if wants_file else _CACHE)
        self.set_header("Content-Security-Policy", self.policy)


class _OwnedFileHandler(MediaHandler, FileHandler):
    """Serves one of an owner's files."""

    def initialize(self, *, signed: bool = False) -> None:  # type: ignore[override]
        MediaHandler.initialize(self, signed=signed)
        FileHandler.initialize(self)


class GifHandler(_OwnedFileHandler):
    signed_kind = "gifs"

    @operation(
        "The finished GIF of a job, or the file of another format that its recipe asked for",
        reads_itself=[FileQuery],
        produces=[kind.content_type for kind in FILE_KINDS.values()],
        is_file=True,
        raises=[errors.JobNotFinished],
    )
    async def get(self, job_id: str, include_body: bool = True) -> None:
        gif = await self.run_blocking(self.parts.services.jobs.gif, await self.owner_id(job_id), job_id)
        picture = Picture(gif.blob, gif.content_type, gif.etag, gif.file_name)
        await self.send(picture, include_body=include_body)


class StillHandler(_OwnedFileHandler):
    signed_kind = "stills"

    @operation(
        "The first frame of a job's finished GIF, at most 480 px wide",
        reads_itself=[FileQuery],
        produces=["image/webp"],
        is_file=True,
        raises=[errors.JobNotFinished],
    )
    async def get(self, job_id: str, include_body: bool = True) -> None:
        """404 for a GIF that an earlier version made."""
        blob = await self.run_blocking(self.parts.services.jobs.still, await self.owner_id(job_id), job_id)
        picture = Picture(blob, "image/webp", f'"{blob.name}-still"', "still.webp")
        await self.send(picture, include_body=include_body)


class PosterHandler(_OwnedFileHandler):
    signed_kind = "posters"

    @operation("A video's poster picture", reads_itself=[FileQuery], produces=["image/jpeg"], is_file=True)
    async def get(self, source_id: str, include_body: bool = True) -> None:
        owner_id = await self.owner_id(source_id)
        blob = await self.run_blocking(self.parts.services.sources.poster, owner_id, source_id)
        picture = Picture(blob, "image/jpeg", f'"{blob.name}"', "poster.jpg")
        await self.send(picture, include_body=include_body)


class VideoHandler(_OwnedFileHandler):
    signed_kind = "videos"
    policy = _POLICY_OF_ORIGINALS

    @operation(
        "The original video, if browsers may be able to play it",
        reads_itself=[FileQuery],
        produces=list(MEDIA_TYPES.values()),
        is_file=True,
    )
    async def get(self, source_id: str, include_body: bool = True) -> None:
        owner_id = await self.owner_id(source_id)
        original = self.parts.services.sources.original
        blob, video_type = await self.run_blocking(original, owner_id, source_id)
        suffix = video_type.rpartition("/")[2]
        picture = Picture(blob, video_type, f'"{blob.name}"', f"video.{suffix}")
        await self.send(picture, include_body=include_body)


class ProxyHandler(_OwnedFileHandler):
    signed_kind = "proxies"
    policy = _POLICY_OF_ORIGINALS

    @operation(
        "A WebM of the whole video, at most 480 px wide and high, for browsers that cannot play the original",
        reads_itself=[FileQuery],
        produces=["video/webm"],
        is_file=True,
        raises=[
            *errors.SourceRefused.all().values(),
            errors.ConversionTooBig,
            errors.ConversionTooSlow,
            errors.DiskFull,
        ],
    )
    async def get(self, source_id: str, include_body: bool = True) -> None:
        """Made by the first request, which may take a minute or two."""
        owner_id = await self.owner_id(source_id)
        proxies = self.parts.services.proxies
        blob = await self.run_blocking(proxies.find, owner_id, source_id)
        if blob is None:
            make = partial(proxies.make, owner_id, source_id)
            blob = await self.run_in_turn(self.parts.proxies, owner_id, make)
        picture = Picture(blob, "video/webm", f'"{blob.name}-proxy"', "proxy.webm")
        await self.send(picture, include_body=include_body)


class FrameQuery(Query):
    at_s: Annotated[float, Field(ge=0, le=MAX_TIME_S)] = 0.0


class _MadeOnRequestHandler(MediaHandler):
    """Makes a JPEG of a source when it is the owner's turn, unless the client has cached it."""

    async def send_made(self, owner_id: str, etag: str, pool: FairPool, make: Callable[[], bytes]) -> None:
        self.set_header("ETag", f'"{etag}"')
        self.set_header("Cache-Control", _CACHE)
        if self.check_etag_header():
            self.set_status(304)
            return
        jpeg = await self.run_in_turn(pool, owner_id, make)
        self.set_header("Content-Type", "image/jpeg")
        self.write(jpeg)

    def compute_etag(self) -> None:
        """Return nothing: `send_made` sets the ETag itself, before it makes the picture."""


class FrameHandler(_MadeOnRequestHandler):
    signed_kind = "frames"

    @operation(
        "A frame of a video at a given time; past the end, the last frame",
        produces=["image/jpeg"],
        has_etag=True,
        raises=[*errors.SourceRefused.all().values()],
    )
    async def get(self, source_id: str, query: FrameQuery) -> None:
        owner_id, at_s = await self.owner_id(source_id), query.at_s
        source = await self.run_blocking(self.parts.services.sources.find, owner_id, source_id)
        take = partial(self.parts.services.sources.frame, owner_id, source_id, at_s)
        await self.send_made(owner_id, f"{source.sha256}-{at_s:.3f}", self.parts.frames, take)

    head = get


class FilmstripHandler(_MadeOnRequestHandler):
    signed_kind = "filmstrips"

    @operation(
        f"{TILES} pictures of the whole video side by side, each at the middle of its share of the time",
        produces=["image/jpeg"],
        has_etag=True,
        raises=[*errors.SourceRefused.all().values()],
    )
    async def get(self, source_id: str) -> None:
        owner_id = await self.owner_id(source_id)
        source = await self.run_blocking(self.parts.services.sources.find, owner_id, source_id)
        make = partial(self.parts.services.filmstrips.filmstrip, owner_id, source_id)
        await self.send_made(owner_id, f"{source.sha256}-filmstrip", self.parts.probes, make)

    head = get
