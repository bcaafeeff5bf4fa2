"""A zip that is streamed while it is built; it never holds a whole file in memory."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from gifapp.storage.blob import Blob
from gifapp.storage.blobs import Blobs

_CHUNK_BYTES = 256 * 1024
_MAX_NAME = 100  # characters
_PRIVATE = 0o600 << 16  # a zip stores the Unix mode in the upper 16 bits


class _Outbox(io.RawIOBase):
    """A buffer that the zip is written to and drained from."""

    def __init__(self) -> None:
        super().__init__()
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._written += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken


class ZipStream:
    """Each method yields the bytes that its entry adds; `end` completes the zip."""

    def __init__(self) -> None:
        self._outbox = _Outbox()
        self._zip = zipfile.ZipFile(self._outbox, "w")

    def add(self, name: str, content: Iterable[bytes], made_at: datetime | None = None) -> Iterator[bytes]:
        """Add an entry from chunks of bytes."""
        info = zipfile.ZipInfo(name, (made_at or datetime.now(UTC)).timetuple()[:6])
        info.external_attr = _PRIVATE
        with self._zip.open(info, "w", force_zip64=True) as entry:
            for chunk in content:
                entry.write(chunk)
                yield self._outbox.take()

    def add_blob(self, blobs: Blobs, blob: Blob, name: str, made_at: datetime) -> Iterator[bytes]:
        """Add a stored file; nothing if it was deleted meanwhile."""
        with suppress(FileNotFoundError), blobs.store.local(blob) as path, path.open("rb") as content:
            yield from self.add(name, iter(lambda: content.read(_CHUNK_BYTES), b""), made_at)

    def end(self) -> bytes:
        self._zip.close()
        return self._outbox.take()


def entry_name(name: str) -> str:
    """The name, safe inside a zip entry's name: no path separators, no unprintable characters."""
    return "".join(c for c in name if c.isprintable() and c not in '/\\:*?"<>|')[:_MAX_NAME]
