"""Uploads in progress, and orphaned ones whose process was killed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import Self

from gifapp import errors
from gifapp.dirlock import create_locked
from gifapp.domain.limits import QuotaUsage
from gifapp.os_errors import translating_os_errors

_SHA256_LENGTH = 64


class Incoming:
    """An upload in progress: hashed while it is written; removed on exit unless it was moved away.

    Attributes:
        path: the file, for the probe.
        poster_path: the path for its poster.
        bytes: the number of bytes received so far.
    """

    def __init__(self, directory: Path, limit_bytes: int, quota: QuotaUsage) -> None:
        self._directory = directory
        self._limit_bytes = limit_bytes
        self._quota = quota
        self._hash = hashlib.sha256()
        self._sha256 = ""  # of an adopted file
        self._is_left = False
        self.path = directory / "video"
        self.poster_path = directory / "poster.jpg"
        self.bytes = 0

    def __enter__(self) -> Self:
        with translating_os_errors():
            self._lock = create_locked(self._directory)
            self._file = self.path.open("xb")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # flushing the buffer may fail on a full disk, which does not matter: the file is removed
        with contextlib.suppress(OSError):
            self._file.close()
        if not self._is_left:
            shutil.rmtree(self._directory, ignore_errors=True)
        self._lock.close()

    def write(self, chunk: bytes) -> None:
        """Append `chunk`.

        Raises:
            errors.SourceTooLarge, errors.QuotaExceeded, errors.DiskFull
        """
        self._grow_to(self.bytes + len(chunk))
        self._hash.update(chunk)
        with translating_os_errors():
            self._file.write(chunk)

    def _grow_to(self, size_bytes: int) -> None:
        self.bytes = size_bytes
        if self.bytes > self._limit_bytes:
            raise errors.SourceTooLarge(limit_bytes=self._limit_bytes)
        self._quota.check(self.bytes)

    def adopt(self, path: Path, *, sha256: str | None) -> None:
        """Take over a complete file of this storage by a hard link; the original name stays.

        `sha256`: the digest of its bytes, if known.

        Raises:
            errors.SourceTooLarge, errors.QuotaExceeded, errors.DiskFull
        """
        self._file.close()
        self._grow_to(path.stat().st_size)
        with translating_os_errors():
            self.path.unlink()
            self.path.hardlink_to(path)
        self._sha256 = sha256 or _sha256_of(path)

    def finish(self) -> None:
        """Flush and sync the complete file; idempotent."""
        if not self._file.closed:
            with translating_os_errors():
                self._file.flush()
                os.fsync(self._file.fileno())
                self._file.close()

    @property
    def sha256(self) -> str:
        return self._sha256 or self._hash.hexdigest()

    def note_digest(self) -> None:
        """Record in the directory which video is being stored, for the sweep."""
        with translating_os_errors():
            (self._directory / self.sha256).touch()

    def leave(self) -> None:
        """Keep the directory on exit: the sweep will check whether a document refers to the video."""
        self._is_left = True


class OrphanedUpload:
    """The directory of an upload whose process was killed or did not learn how it ended."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @property
    def sha256(self) -> str | None:
        """The digest of the video that may have been stored; None: it was not stored."""
        with contextlib.suppress(FileNotFoundError):
            names = (path.name for path in self._directory.iterdir())
            return next((name for name in names if len(name) == _SHA256_LENGTH), None)
        return None

    def remove(self) -> None:
        shutil.rmtree(self._directory, ignore_errors=True)


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
