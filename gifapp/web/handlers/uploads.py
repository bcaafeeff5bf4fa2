"""Resumable uploads by tus 1.0 (https://tus.io), until they become a source."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from email.utils import format_datetime
from functools import partial
from typing import Any, ClassVar, TypeVar

from gifapp import errors
from gifapp.jobs.services.uploads import UploadStatus
from gifapp.storage.partial_uploads import Checksum, Writer
from gifapp.web.handlers.sources import ReceivingHandler, Upload, UploadQuery
from gifapp.web.http.base import PrivateHandler
from gifapp.web.http.operations import operation
from gifapp.web.http.payloads import validated

VERSION = "1.0.0"
EXTENSIONS = "creation,termination,checksum,expiration"
ALGORITHMS = {"sha1": 20, "sha256": 32}  # digest sizes in bytes
CONTENT_TYPE = "application/offset+octet-stream"

_OVERRIDES = {"PATCH", "DELETE"}
_MAX_METADATA_CHARACTERS = 8192
_MAX_DIGITS = 18
_PATIENCE_S = 1.0  # the wait for the upload's lock, usually held by a connection that has just broken
_LOOK_EVERY_S = 0.05

_FINISHING = (
    *errors.SourceRefused.all().values(),
    errors.UploadLocked,
    errors.QuotaExceeded,
    errors.DiskFull,
)

Result = TypeVar("Result")


class TusHandler(PrivateHandler):
    """The base of all upload handlers: the tus headers."""

    def initialize(self) -> None:
        # for clients behind a proxy that does not support PATCH
        method = self.request.headers.get("X-HTTP-Method-Override")
        if self.request.method == "POST" and method in _OVERRIDES:
            self.request.method = method

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Tus-Resumable", VERSION)
        self.set_header("Tus-Version", VERSION)

    async def prepare(self) -> None:
        await super().prepare()
        version = self.request.headers.get("Tus-Resumable")
        if self.request.method != "OPTIONS" and version != VERSION:
            raise errors.TusVersionWrong(known=VERSION)

    async def options(self, *_: str) -> None:
        await super().options()
        self.set_header("Tus-Extension", EXTENSIONS)
        self.set_header("Tus-Max-Size", str(self.parts.services.limits.max_upload_bytes))
        self.set_header("Tus-Checksum-Algorithm", ",".join(ALGORITHMS))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        if status_code == 460:  # defined by tus only
            self.set_status(460, "Checksum Mismatch")
        super().write_error(status_code, **kwargs)

    def _set_error_headers(self, status: int, error: BaseException | None) -> None:
        super()._set_error_headers(status, error)
        if isinstance(error, errors.UploadOffsetWrong):
            self.set_header("Upload-Offset", str(error.facts["offset"]))

    def number(self, header: str) -> int:
        """Parse a header that contains a number of bytes.

        Raises:
            errors.FieldInvalid
        """
        text = self.request.headers.get(header, "")
        if not (text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS):
            raise errors.FieldInvalid(field=header, problem="must be a whole number of bytes")
        return int(text)

    def set_upload_headers(self, upload: UploadStatus) -> None:
        """Set the header for the upload's source, or for its expiry."""
        if upload.facts.source_id is not None:
            self.set_header("Upload-Source", upload.facts.source_id)
        else:
            self.set_header("Upload-Expires", format_datetime(upload.expires_at, usegmt=True))


class UploadsHandler(TusHandler):
    limited_as: ClassVar = {"POST": "uploads"}

    @operation(
        "Begin a resumable upload (tus 1.0)",
        status=201,
        response_headers=["Location", "Upload-Expires"],
        raises=[
            errors.TusVersionWrong,
            errors.FieldInvalid,
            errors.UploadLengthDeferred,
            errors.SourceEmpty,
            errors.SourceTooLarge,
            errors.TooManyUploads,
            errors.QuotaExceeded,
            errors.DiskFull,
        ],
    )
    async def post(self) -> None:
        """`Upload-Length` is the total size in bytes; `Upload-Metadata` contains the `filename`."""
        if "Upload-Defer-Length" in self.request.headers:
            raise errors.UploadLengthDeferred
        length = self.number("Upload-Length")
        metadata = self.request.headers.get("Upload-Metadata", "")
        create = self.parts.services.uploads.create
        upload = await self.run_blocking(create, self.user.user_id, length, name_in(metadata), metadata)
        self.set_header("Location", f"/api/v1/uploads/{upload.id}")
        self.set_upload_headers(upload)


class UploadHandler(ReceivingHandler[Writer], TusHandler):
    limited_as: ClassVar = {"PATCH": "parts"}

    async def prepare(self) -> None:
        await super().prepare()
        if self.request.method == "PATCH":
            await self._open()

    @operation(
        "Get the offset of an upload",
        status=200,
        response_headers=["Upload-Offset", "Upload-Length"],
        raises=[*_FINISHING, errors.TusVersionWrong],
    )
    async def head(self, upload_id: str) -> None:
        upload = await self.run_blocking(self.parts.services.uploads.find, self.user.user_id, upload_id)
        if upload.awaits_source:
            upload = await self._patiently(lambda: self._finish(upload_id))
        self.set_header("Upload-Offset", str(upload.offset))
        self.set_header("Upload-Length", str(upload.facts.length_bytes))
        if upload.facts.metadata:
            self.set_header("Upload-Metadata", upload.facts.metadata)
        self.set_upload_headers(upload)

    @operation(
        "Append bytes; the last ones turn the upload into a video, named in `Upload-Source`",
        response_headers=["Upload-Offset"],
        consumes=[CONTENT_TYPE],
        raises=[
            *_FINISHING,
            errors.TusVersionWrong,
            errors.FieldInvalid,
            errors.ContentTypeWrong,
            errors.ChecksumUnknown,
            errors.ChecksumMalformed,
            errors.ChecksumWrong,
            errors.UploadOffsetWrong,
            errors.BodyTooLarge,
            errors.TooManyParts,
        ],
    )
    async def patch(self, _: str) -> None:
        assert self.upload is not None  # noqa: S101  opened by prepare
        self.has_all()
        try:
            status = await self.upload.step(self._check)
            if status.awaits_source:
                status = await self.upload.step(self._add_source, self.probe_in_turn)
        finally:
            await self.upload.close()
        self.set_header("Upload-Offset", str(status.offset))
        self.set_upload_headers(status)

    @operation("Discard an upload", raises=[errors.TusVersionWrong, errors.UploadLocked])
    async def delete(self, upload_id: str) -> None:
        remove = self.parts.services.uploads.remove
        await self._patiently(lambda: self.run_blocking(remove, self.user.user_id, upload_id))

    def body_limit(self) -> int:
        is_upload = self.request.method == "PATCH"
        return self.parts.services.limits.max_upload_bytes if is_upload else self.max_body_bytes

    async def _open(self) -> None:
        content_type = self.request.headers.get("Content-Type", "").partition(";")[0]
        if content_type.strip().lower() != CONTENT_TYPE:
            raise errors.ContentTypeWrong(expected=CONTENT_TYPE)
        offset, checksum = self.number("Upload-Offset"), checksum_in(self.request.headers)
        facts = (self.user.user_id, self.path_args[0], offset, self._declared_bytes(), checksum)
        upload: Upload[Writer] = Upload(self.parts)
        begin = partial(self.parts.services.uploads.resume, *facts)
        await self._patiently(lambda: upload.open(begin, self.run_blocking))
        self.take(upload)

    def _check(self, upload: Writer) -> UploadStatus:
        upload.check()
        return self.parts.services.uploads.status_of(upload)

    def _add_source(self, upload: Writer) -> UploadStatus:
        self.parts.services.uploads.add_source(upload)
        return self.parts.services.uploads.status_of(upload)

    async def _finish(self, upload_id: str) -> UploadStatus:
        try:
            return await self.probe_in_turn(
                partial(self.parts.services.uploads.finish, self.user.user_id, upload_id)
            )
        except errors.TooManyAtOnce:  # tus-js-client restarts the upload after a 429, but not after a 423
            raise errors.UploadLocked from None

    async def _patiently(self, step: Callable[[], Awaitable[Result]]) -> Result:
        loop = asyncio.get_running_loop()
        end = loop.time() + _PATIENCE_S
        while True:
            try:
                return await step()
            except errors.UploadLocked:
                if loop.time() > end:
                    raise
            await asyncio.sleep(_LOOK_EVERY_S)


def name_in(metadata: str) -> str:
    """The file's display name in an Upload-Metadata header.

    Raises:
        errors.FieldInvalid
    """
    try:
        if len(metadata) > _MAX_METADATA_CHARACTERS:
            raise ValueError(metadata)
        pairs = dict((f"{pair.strip()} ").split(" ", 1) for pair in metadata.split(","))
        name = base64.b64decode(pairs.get("filename", "").strip(), validate=True).decode()
    except ValueError:
        problem = (
            f"must be pairs of a name and a base64 value, at most {_MAX_METADATA_CHARACTERS:,} characters"
        )
        raise errors.FieldInvalid(field="Upload-Metadata", problem=problem) from None
    return validated(UploadQuery, {"name": name} if "filename" in pairs else {}).name


def checksum_in(headers: Any) -> Checksum | None:
    """Parse the Upload-Checksum header; None: there is none.

    Raises:
        errors.ChecksumUnknown, errors.ChecksumMalformed
    """
    value = headers.get("Upload-Checksum")
    if value is None:
        return None
    algorithm, _, encoded = value.partition(" ")
    if algorithm not in ALGORITHMS:
        raise errors.ChecksumUnknown(known=" or ".join(ALGORITHMS))
    return Checksum(algorithm, _digest_in(encoded, algorithm))


def _digest_in(encoded: str, algorithm: str) -> bytes:
    length = ALGORITHMS[algorithm]
    try:
        digest = base64.b64decode(encoded, validate=True)
    except ValueError:
        problem = "this one is not base64"
    else:
        if len(digest) == length:
            return digest
        problem = f"this one has {len(digest)}"
    raise errors.ChecksumMalformed(algorithm=algorithm, length=length, problem=problem)
