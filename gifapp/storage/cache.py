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
_LEFT_S = 3600.0  # a partial file untouched this long belongs to a killed process


class Cache:
    """A cache of at most `limit_bytes`, shared by all processes of this machine.

    Each reader gets its own hard link, which survives the removal of the cached file.
    """

    def __init__(self, root: Path, limit_bytes: int) -> None:
        self._root = root
        self._files, self._locks = root / "files", root / "locks"
        self._limit_bytes = limit_bytes
        make_folders(root, ("files", "locks"))

    def link(self, blob: Blob, place: Path, fetch: Callable[[Path], None]) -> None:
        """Link the file to `place`; if it is not cached, fetch it, once for concurrent callers.

        Raises:
            errors.DiskFull; and whatever `fetch` raises.
        """
        with self._alone(blob):
            try:
                _link(self._path(blob), place)
            except FileNotFoundError:
                self._fetch(blob, place, fetch)
        self._trim()

    def add(self, aside: Path, blob: Blob) -> None:
        """Add the local file `aside`, which must not change, to the cache."""
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
            _link(aside, place)  # first: once others see the file, they may trim it
            aside.replace(self._path(blob))
        finally:
            aside.unlink(missing_ok=True)

    def _path(self, blob: Blob) -> Path:
        return self._files / f"{blob.kind}-{blob.name}"

    @contextlib.contextmanager
    def _alone(self, blob: Blob) -> Iterator[None]:
        # files share locks by prefix, which limits the number of lock files
        with private.open_lock(self._locks / blob.name[:2]) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _trim(self) -> None:
        """Remove the least recently used files over the limit."""
        newest_first = sorted(self._sized(), reverse=True)
        total_bytes = 0
        for _, size_bytes, path in newest_first:
            total_bytes += size_bytes
            if total_bytes > self._limit_bytes:
                path.unlink(missing_ok=True)

    def _sized(self) -> Iterator[tuple[float, int, Path]]:
        latest = time.time() - _LEFT_S
        for path in self._files.iterdir():
            with contextlib.suppress(FileNotFoundError):  # another process may be trimming, too
                status = path.stat()
                if path.suffix != _UNFINISHED or status.st_mtime < latest:
                    yield status.st_mtime, status.st_size, path


def _link(path: Path, place: Path) -> None:
    with translating_os_errors():
        place.hardlink_to(path)
    os.utime(place)  # marks the cached file as used, too: both are links to one file
