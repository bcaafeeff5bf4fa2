"""Resumable uploads by tus 1.0 (https://tus.io), in chunks."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import httpx

from gifapp import errors
from gifapp.client.retrying import RETRIED, Retries, with_retries

OnBytes = Callable[[int, int], None]
"""Called with the number of bytes sent so far, and the total."""

CHUNK_BYTES = 4 * 1024 * 1024
_PIECE_BYTES = 256 * 1024  # sent between calls of `on_progress`
_TUS = {"Tus-Resumable": "1.0.0"}
_RETRIED = (*RETRIED, errors.UploadLocked, errors.UploadOffsetWrong)
_DELETE_TIMEOUT_S = 5


def send_file(send: Callable[..., httpx.Response], file: BinaryIO, name: str, on_progress: OnBytes) -> str:
    """Send a file, and return the id of its source. A failed upload is deleted.

    Args:
        send: sends an authorised request by method and path; raises errors.GifappError.
        file: the open video; read from its beginning.
        name: the video's name in the service.
        on_progress: called while bytes are sent; after a lost connection, with the offset of the service.
    """
    return _Upload(send, file, name, on_progress).run()


class _Upload:
    def __init__(
        self, send: Callable[..., httpx.Response], file: BinaryIO, name: str, on_progress: OnBytes
    ) -> None:
        self._send = send
        self._file = file
        self._name = name
        self._on_progress = on_progress
        self._size_bytes = file.seek(0, os.SEEK_END)

    def run(self) -> str:
        path = self._create()
        try:
            return self._send_all(path)
        except BaseException:  # Ctrl-C, too
            with suppress(errors.GifappError):
                self._send("DELETE", path, headers=_TUS, timeout=_DELETE_TIMEOUT_S)
            raise

    def _create(self) -> str:
        metadata = f"filename {b64encode(self._name.encode()).decode()}"
        headers = _TUS | {"Upload-Length": str(self._size_bytes), "Upload-Metadata": metadata}
        response = with_retries(lambda: self._send("POST", "/uploads", headers=headers))
        return f"/uploads/{response.headers['Location'].rpartition('/')[2]}"

    def _send_all(self, path: str) -> str:
        retries = Retries()
        farthest = 0
        offset: int | None = 0  # None: ask the service
        while True:
            try:
                response = self._answer(path, offset)
            except _RETRIED as error:
                retries.wait(error)
                offset = None
                continue
            if (source_id := response.headers.get("Upload-Source")) is not None:
                return str(source_id)
            offset = int(response.headers["Upload-Offset"])
            if offset > farthest:
                farthest = offset
                retries.reset()

    def _answer(self, path: str, offset: int | None) -> httpx.Response:
        """The answer to the next chunk, or to the question of how much has arrived.

        Raises:
            errors.ServiceUnavailable: a proxy answered by itself: Caddy 2.6 with an empty 200, when it
                cannot send a chunk again to another web server.
        """
        response = self._send("HEAD", path, headers=_TUS) if offset is None else self._patch(path, offset)
        if not {"upload-offset", "upload-source"} & response.headers.keys():
            raise errors.ServiceUnavailable(service="gifapp")
        return response

    def _patch(self, path: str, offset: int) -> httpx.Response:
        self._file.seek(offset)
        chunk = self._file.read(CHUNK_BYTES)
        if not chunk and offset < self._size_bytes:  # the file has become shorter
            raise errors.SourceNotReadable(name=self._name)
        headers = _TUS | {
            "Upload-Offset": str(offset),
            "Content-Length": str(len(chunk)),
            "Content-Type": "application/offset+octet-stream",
        }
        return self._send("PATCH", path, headers=headers, content=self._pieces(chunk, offset))

    def _pieces(self, chunk: bytes, offset: int) -> Iterator[bytes]:
        for start in range(0, len(chunk), _PIECE_BYTES):
            piece = chunk[start : start + _PIECE_BYTES]
            yield piece
            self._on_progress(offset + start + len(piece), self._size_bytes)


def video_name(path: Path | str | bytes) -> str:
    """The name of an uploaded video: its file's, without the folder."""
    return "video" if isinstance(path, bytes) else Path(path).name


def open_video(path: Path | str | bytes) -> BinaryIO:
    """Open a file, or the bytes of one.

    Raises:
        errors.SourceNotFound, errors.SourceNotReadable
    """
    if isinstance(path, bytes):
        return BytesIO(path)
    try:
        return Path(path).open("rb")
    except FileNotFoundError:
        raise errors.SourceNotFound(name=Path(path).name) from None
    except OSError:
        raise errors.SourceNotReadable(name=Path(path).name) from None
