"""A blob store in a folder, on a disk or network share that web server and workers have in common."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from gifapp import errors, private
from gifapp.os_errors import translating_os_errors
from gifapp.storage.blob import FOLDERS, Blob, StoredFile
from gifapp.storage.disk import make_folders


class Folder:
    """Files under `root`; see `BlobStore`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        make_folders(root, FOLDERS)

    def path(self, blob: Blob) -> Path:
        """The blob's path, whether or not it exists."""
        return self.root / blob.place

    def check_writable(self) -> None:
        try:
            with tempfile.TemporaryFile(dir=self.root) as trial:
                trial.write(b"gifapp")
                trial.flush()
        except OSError as refused:
            raise errors.ServiceUnavailable(service="the storage") from refused

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        with private.open_lock(self.root / "lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def prestage(self, aside: Path, blob: Blob) -> None:
        """Do nothing: `keep` only renames."""

    def keep(self, aside: Path, blob: Blob) -> None:
        """Rename; safe against power loss, as the contents are synced before the name."""
        place = self.path(blob)
        with translating_os_errors():
            place.parent.mkdir(exist_ok=True, mode=0o700)
            _sync(aside)
            aside.replace(place)
            _sync(place.parent)

    def holds(self, blob: Blob) -> bool:
        return self.path(blob).exists()

    @contextlib.contextmanager
    def local(self, blob: Blob) -> Iterator[Path]:
        path = self.path(blob)
        if not path.exists():
            raise FileNotFoundError(path)
        yield path

    def remove(self, blob: Blob) -> None:
        self.path(blob).unlink(missing_ok=True)

    def files(self, *, older_than_s: float) -> Iterator[StoredFile]:
        oldest = time.time() - older_than_s
        for pattern in ("sources/??/*", "posters/??/*.jpg", "gifs/*.gif", "stills/*.webp"):
            for path in self.root.glob(pattern):
                blob = Blob.at(path.relative_to(self.root).as_posix())
                if blob and (status := _stat(path)) and status.st_mtime < oldest:
                    yield StoredFile(blob, status.st_size)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _stat(path: Path) -> os.stat_result | None:
    with contextlib.suppress(FileNotFoundError):  # it was removed since it was listed
        return path.stat()
    return None
