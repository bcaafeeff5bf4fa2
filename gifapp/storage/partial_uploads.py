"""Resumable uploads: each is a directory with the bytes so far, locked by one writer at a time.

The file's size is the offset, so a killed process loses nothing that it has written. Bytes with a
checksum count only once it is verified: until then, a marker file stores the offset where they begin.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, NamedTuple, Self
from uuid import uuid4

from pydantic import BaseModel

from gifapp import errors
from gifapp.dirlock import create_locked, try_lock
from gifapp.os_errors import translating_os_errors
from gifapp.storage.blobs import Blobs

_ID = re.compile(r"[0-9a-f]{32}")
_VIDEO, _FACTS, _UNCHECKED, _PARTS = "video", "upload.json", "unchecked", "parts"


class UploadMetadata(BaseModel, frozen=True):
    """The facts of an upload, fixed when it starts; `source_id` is set once it has become a source."""

    owner_id: str
    length_bytes: int
    name: str
    metadata: str  # as the client sent it
    created_at: datetime
    source_id: str | None = None


class Checksum(NamedTuple):
    """The expected checksum of a request's bytes; `algorithm` is a hashlib name."""

    algorithm: str
    digest: bytes


class PartialUpload:
    """A resumable upload on disk."""

    def __init__(self, directory: Path, facts: UploadMetadata) -> None:
        self.directory = directory
        self.facts = facts

    @property
    def id(self) -> str:
        return self.directory.name

    @property
    def path(self) -> Path:
        return self.directory / _VIDEO

    @property
    def offset(self) -> int:
        """The number of bytes received, without those whose checksum is not verified yet."""
        if self.facts.source_id is not None:
            return self.facts.length_bytes
        return min(_size(self.path), self._checked_bytes())

    @property
    def is_complete(self) -> bool:
        return self.offset == self.facts.length_bytes

    @property
    def touched_at(self) -> datetime:
        """When the last byte arrived, or when it became a source."""
        return datetime.fromtimestamp(_last_touched(self.directory), UTC)

    def _checked_bytes(self) -> int:
        with contextlib.suppress(FileNotFoundError, ValueError):
            return int((self.directory / _UNCHECKED).read_bytes())
        return self.facts.length_bytes


class Writer(PartialUpload):
    """An upload locked for writing or removal until the block ends; received bytes are kept.

    Raises:
        errors.NotFound, errors.UploadLocked: on entering.
    """

    _file: IO[bytes] | None = None
    _whole: hashlib._Hash | None = None

    def __enter__(self) -> Self:
        try:
            lock = try_lock(self.directory)
            if lock is None:
                raise errors.UploadLocked
            with contextlib.ExitStack() as stack:
                stack.enter_context(lock)
                self.facts = _read_facts(self.directory)  # they may have changed before we had the lock
                self._held = stack.pop_all()
        except FileNotFoundError:
            raise errors.NotFound(kind="upload") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # flushing the buffer may fail on a full disk
        with contextlib.suppress(OSError):
            self._held.close()

    def count_part(self) -> int:
        """Count this request and return the total: the size of a file that grows by a byte each time."""
        with translating_os_errors(), (self.directory / _PARTS).open("ab") as parts:
            parts.write(b".")
            return parts.tell()

    def append(self, offset: int, checksum: Checksum | None = None) -> None:
        """Prepare for `write` from the current `offset` on; call it once."""
        self._begin, self._checksum = offset, checksum
        self._hash = hashlib.new(checksum.algorithm) if checksum else None
        self._whole = hashlib.sha256() if offset == 0 else None
        with translating_os_errors():
            self._file = self._held.enter_context(self.path.open("ab"))
            self._file.seek(self._file.truncate(offset))
            self._mark()

    def write(self, chunk: bytes) -> None:
        """Append `chunk`.

        Raises:
            errors.BodyTooLarge, errors.DiskFull
        """
        assert self._file is not None  # noqa: S101  opened by append
        if self._file.tell() + len(chunk) > self.facts.length_bytes:
            raise errors.BodyTooLarge(limit_bytes=self.facts.length_bytes - self._begin)
        for hash_ in filter(None, (self._hash, self._whole)):
            hash_.update(chunk)
        with translating_os_errors():
            self._file.write(chunk)
            self._file.flush()  # others read the offset from the file

    def check(self) -> None:
        """Verify the checksum of the bytes written.

        Raises:
            errors.ChecksumWrong: the bytes were discarded.
        """
        if self._file is None:
            return
        if self._checksum and self._hash and self._hash.digest() != self._checksum.digest:
            self._file.truncate(self._begin)
            raise errors.ChecksumWrong
        (self.directory / _UNCHECKED).unlink(missing_ok=True)

    @property
    def sha256(self) -> str | None:
        """The digest of the whole file, if this writer wrote all of it."""
        return self._whole.hexdigest() if self._whole else None

    def settle(self, source_id: str) -> None:
        """Record that the upload has become a source, and remove the bytes, which the source has."""
        self.facts = self.facts.model_copy(update={"source_id": source_id})
        _write(self.directory / _FACTS, self.facts.model_dump_json().encode())
        self.path.unlink(missing_ok=True)

    def remove(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)

    def _mark(self) -> None:
        mark = self.directory / _UNCHECKED
        if self._checksum:
            _write(mark, str(self._begin).encode())
        else:
            mark.unlink(missing_ok=True)


class PartialUploads:
    """All resumable uploads, in a folder of the workspace with a subfolder per user."""

    def __init__(self, blobs: Blobs) -> None:
        self._folder = blobs.workspace.uploads

    @contextlib.contextmanager
    def exclusive(self, owner_id: str) -> Iterator[None]:
        """Hold the lock on starting uploads of the owner, on all machines, so that counts stay valid."""
        with translating_os_errors():
            for folder in (self._folder, self._of(owner_id)):
                folder.mkdir(exist_ok=True, mode=0o700)
            lock = (self._of(owner_id) / "lock").open("w")
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def create(self, facts: UploadMetadata) -> PartialUpload:
        """Create an upload. Call only within `exclusive()`."""
        directory = self._of(facts.owner_id) / uuid4().hex
        with translating_os_errors(), create_locked(directory):
            _write(directory / _FACTS, facts.model_dump_json().encode())
        return PartialUpload(directory, facts)

    def find(self, owner_id: str, upload_id: str) -> PartialUpload:
        """Raises errors.NotFound unless the owner has such an upload."""
        if _ID.fullmatch(upload_id):
            with contextlib.suppress(FileNotFoundError, ValueError):
                directory = self._of(owner_id) / upload_id
                facts = _read_facts(directory)
                if facts.owner_id == owner_id:
                    return PartialUpload(directory, facts)
        raise errors.NotFound(kind="upload")

    def unfinished(self, owner_id: str) -> list[PartialUpload]:
        """The owner's uploads that are not sources yet."""
        uploads = (self._find(owner_id, directory.name) for directory in _in(self._of(owner_id)))
        return [upload for upload in uploads if upload and upload.facts.source_id is None]

    def remove_all_of(self, owner_id: str) -> None:
        """Remove all of the owner's uploads; a writer notices when it finishes."""
        shutil.rmtree(self._of(owner_id), ignore_errors=True)

    def remove_expired(self, *, untouched_s: float) -> None:
        """Remove the uploads that were not written to for this long."""
        latest = time.time() - untouched_s
        for directory in (upload for person in _in(self._folder) for upload in _in(person)):
            if _last_touched(directory) < latest:
                _remove_unless_held(directory, latest)

    def _find(self, owner_id: str, upload_id: str) -> PartialUpload | None:
        with contextlib.suppress(errors.NotFound):
            return self.find(owner_id, upload_id)
        return None

    def _of(self, owner_id: str) -> Path:
        return self._folder / hashlib.sha256(owner_id.encode()).hexdigest()[:32]  # an id never becomes a path


def _in(folder: Path) -> list[Path]:
    with contextlib.suppress(FileNotFoundError):  # a user's folder is created with their first upload
        return [path for path in folder.iterdir() if _ID.fullmatch(path.name)]
    return []


def _remove_unless_held(directory: Path, latest: float) -> None:
    try:
        lock = try_lock(directory)
    except FileNotFoundError:  # its process was killed while creating it
        shutil.rmtree(directory, ignore_errors=True)
        return
    with lock or contextlib.nullcontext():
        if lock is not None and _last_touched(directory) < latest:  # checked again, under the lock
            shutil.rmtree(directory, ignore_errors=True)


def _read_facts(directory: Path) -> UploadMetadata:
    return UploadMetadata.model_validate_json((directory / _FACTS).read_bytes())


def _write(path: Path, data: bytes) -> None:
    """Write atomically, even if the process is killed."""
    aside = path.with_name(f"{path.name}-soon")
    with translating_os_errors(), aside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def _size(path: Path) -> int:
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_size
    return 0


def _last_touched(directory: Path) -> float:
    times = [0.0]
    for path in (directory / _FACTS, directory / _VIDEO):
        with contextlib.suppress(FileNotFoundError):
            times.append(path.stat().st_mtime)
    with contextlib.suppress(FileNotFoundError):
        times.append(directory.stat().st_mtime if len(times) == 1 else 0.0)
    return max(times)
