"""The local workspace: uploads in progress and scratch directories of attempts.

A working directory stays until a document refers to its result, and its process holds a lock on it. So an
unlocked directory shows what a killed process has left.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from gifapp import errors
from gifapp.dirlock import create_locked, owner_alive
from gifapp.domain.limits import QuotaUsage
from gifapp.os_errors import translating_os_errors
from gifapp.storage.disk import make_folders
from gifapp.storage.incoming import Incoming, OrphanedUpload


class Workspace:
    """A folder for work in progress.

    Attributes:
        uploads: the folder of resumable uploads.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.uploads = root / "uploads"
        self._incoming, self._scratch = root / "incoming", root / "scratch"
        make_folders(root, ("incoming", "scratch", "uploads"))

    def check_writable(self) -> None:
        """Check that files can be written.

        Raises:
            errors.ServiceUnavailable
        """
        try:
            with tempfile.TemporaryFile(dir=self._incoming) as trial:
                trial.write(b"gifapp")
                trial.flush()
        except OSError as refused:
            raise errors.ServiceUnavailable(service="the storage") from refused

    def check_disk(self, more_bytes: int, *, reserve_bytes: int) -> None:
        """Raise errors.DiskFull when `more_bytes` would leave less than the reserve free."""
        if shutil.disk_usage(self.root).free - more_bytes < reserve_bytes:
            raise errors.DiskFull

    def disk_usage(self) -> tuple[int, int]:
        """The size of the disk and its free space, in bytes."""
        usage = shutil.disk_usage(self.root)
        return usage.total, usage.free

    def incoming(self, *, limit_bytes: int, quota: QuotaUsage) -> Incoming:
        return Incoming(self._incoming / uuid4().hex, limit_bytes, quota)

    @contextlib.contextmanager
    def scratch(self, key: str) -> Iterator[Path]:
        """A locked scratch directory for the attempt `key`, removed when the block ends."""
        directory = self._scratch / key
        with translating_os_errors():
            lock = create_locked(directory)
        with lock:
            try:
                yield directory
            finally:
                shutil.rmtree(directory, ignore_errors=True)

    def remove_scratch(self, key: str) -> None:
        shutil.rmtree(self._scratch / key, ignore_errors=True)

    def orphaned_attempts(self, *, untouched_s: float) -> list[str]:
        """The keys of scratch directories that no live process holds."""
        return [directory.name for directory in _orphans_in(self._scratch, untouched_s)]

    def orphaned_uploads(self, *, untouched_s: float) -> list[OrphanedUpload]:
        """The uploads that no live process holds."""
        return [OrphanedUpload(directory) for directory in _orphans_in(self._incoming, untouched_s)]


def _orphans_in(folder: Path, untouched_s: float) -> list[Path]:
    # wait, because a new directory may not be locked yet
    latest = time.time() - untouched_s
    return [path for path in folder.iterdir() if _last_touched(path) < latest and not owner_alive(path)]


def _last_touched(directory: Path) -> float:
    # its process may remove it or its files meanwhile
    touched = [0.0]
    with contextlib.suppress(FileNotFoundError):
        touched += [path.stat().st_mtime for path in (directory, *directory.iterdir())]
    return max(touched)
