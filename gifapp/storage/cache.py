"""Local copies of remote files; the least recently used are removed first."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from gifapp import private
from gifapp.os_errors import translating_os_errors
from gifapp.storage.blob import Blob
from gifapp.storage.disk import make_folders

_UNFINISHED = ".part"
_LEFT_S = 3600.0  # untouched so long, its process was killed


class Cache:
    """As many copies as fit into `limit_bytes`, for every process of this machine.

    Whoever uses one has a link of its own to it, which stays when the copy goes.
    """

    def __init__(self, root: Path, limit_bytes: int) -> None:
        self._root = root
        self._files, self._locks = root / "files", root / "locks"
        self._limit_bytes = limit_bytes
        make_folders(root, ("files", "locks"))

    def link(self, blob: Blob, place: Path, fetch: Callable[[Path], None]) -> None:
        """Have the file at `place`; what is not here yet is fetched, once for all who ask.

        Raises:
            errors.DiskFull; and what `fetch` raises.
        """
        with self._alone(blob):
            try:
                _link(self._path(blob), place)
            except FileNotFoundError:
                self._fetch(blob, place, fetch)
        self._trim()

    def add(self, aside: Path, blob: Blob) -> None:
        """Have a copy of what is here, and will not change."""
        with self._alone(blob):
            if not self._path(blob).exists():
                _link(aside, self._path(blob))
        self._trim()

    def forget(self, blob: Blob) -> None:
        self._path(blob).unlink(missing_ok=True)

    def _fetch(self, blob: Blob, place: Path, fetch: Callable[[Path], None]) -> None:
        aside = self._path(blob).with_suffix(_UNFINISHED)
        try:
            fetch(aside)
            _link(aside, place)  # before others see it, and may find that it is too much
            aside.replace(self._path(blob))
        finally:
            aside.unlink(missing_ok=True)

    def _path(self, blob: Blob) -> Path:
        return self._files / f"{blob.kind}-{blob.name}"

    @contextlib.contextmanager
    def _alone(self, blob: Blob) -> Iterator[None]:
        # a lock for many files, so that there are never more of them than these
        with private.open_lock(self._locks / blob.name[:2]) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _trim(self) -> None:
        """Remove the ones that are too many."""
        found = sorted(self._sized(), reverse=True)  # used last, first
        total_bytes = 0
        for _, size_bytes, path in found:
            total_bytes += size_bytes
            if total_bytes > self._limit_bytes:
                path.unlink(missing_ok=True)

    def _sized(self) -> Iterator[tuple[float, int, Path]]:
        latest = time.time() - _LEFT_S
        for path in self._files.iterdir():
            with contextlib.suppress(FileNotFoundError):  # another process trims as well
                found = path.stat()
                if path.suffix != _UNFINISHED or found.st_mtime < latest:
                    yield found.st_mtime, found.st_size, path


def _link(path: Path, place: Path) -> None:
    with translating_os_errors():
        place.hardlink_to(path)
    os.utime(place)  # of both: they are one file
