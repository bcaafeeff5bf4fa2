"""Where videos and GIFs are kept: written aside, then moved into place.

Videos and posters are named by the SHA-256 of the video, GIFs by the attempt that made them; no
name that a person gave ever becomes a path. One folder, on a disk that web and workers share.

The directory in which something is made stays until a document names the result, and the process that
made it holds a lock on it. So whatever a killed process left is found by a directory that nobody holds.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from gifapp import errors
from gifapp.domain.admin_views import FileKind
from gifapp.domain.limits import Room
from gifapp.held import holder_lives, make_held

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_SHA256_LENGTH = 64

_DIGEST = re.compile(r"[0-9a-f]{64}")
_OURS: dict[FileKind, re.Pattern[str]] = {
    "source": _DIGEST,
    "poster": _DIGEST,
    "gif": re.compile(r"[0-9a-f]{32}-[0-9]+"),
}


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """Say that the disk is full in our words.

    Raises:
        errors.DiskFull
    """
    try:
        yield
    except OSError as refused:
        if refused.errno not in _FULL:
            raise
        raise errors.DiskFull from refused


def open_blobs(storage_url: str) -> Blobs:
    """The storage at a `file://` URL; its folders are made when missing.

    Raises:
        errors.SettingInvalid: another scheme.
        errors.DirectoryNotWritable
    """
    parts = urlsplit(storage_url)
    if parts.scheme != "file" or parts.netloc:
        raise errors.SettingInvalid(name="GIFAPP_STORAGE_URL", problem="it must look like file:///path")
    return Blobs(Path(unquote(parts.path)))


class StoredFile(NamedTuple):
    """A file in its place; `name` is the digest or the attempt's key that documents know it by."""

    kind: FileKind
    name: str
    path: Path
    bytes: int


class Incoming:
    """An upload on its way in: hashed while it is written; what was not kept is removed on exit.

    Attributes:
        path: the file, for the probe.
        poster_path: where its poster goes.
        bytes: how many came in so far.
    """

    def __init__(self, directory: Path, limit_bytes: int, room: Room) -> None:
        self._directory = directory
        self._limit_bytes = limit_bytes
        self._room = room
        self._hash = hashlib.sha256()
        self._sha256 = ""  # of a file that was adopted
        self._is_left = False
        self.path = directory / "video"
        self.poster_path = directory / "poster.jpg"
        self.bytes = 0

    def __enter__(self) -> Self:
        with writing():
            self._lock = make_held(self._directory)
            self._file = self.path.open("xb")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # what the buffer still holds may not fit on the disk; the file goes anyway
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
        with writing():
            self._file.write(chunk)

    def _grow_to(self, size_bytes: int) -> None:
        self.bytes = size_bytes
        if self.bytes > self._limit_bytes:
            raise errors.SourceTooLarge(limit_bytes=self._limit_bytes)
        self._room.check(self.bytes)

    def adopt(self, path: Path, *, sha256: str | None) -> None:
        """Have the bytes of a complete file of this storage, without a copy: it keeps its name as well.

        `sha256`: of its bytes, where that is known.

        Raises:
            errors.SourceTooLarge, errors.QuotaExceeded, errors.DiskFull
        """
        self._file.close()
        self._grow_to(path.stat().st_size)
        with writing():
            self.path.unlink()
            self.path.hardlink_to(path)
        self._sha256 = sha256 or _sha256_of(path)

    def finish(self) -> None:
        """All has come in: force it to the disk. Calling it again changes nothing."""
        if not self._file.closed:
            with writing():
                self._file.flush()
                os.fsync(self._file.fileno())
                self._file.close()

    @property
    def sha256(self) -> str:
        return self._sha256 or self._hash.hexdigest()

    def note_digest(self) -> None:
        """Tell whoever finds this directory which video was being kept."""
        with writing():
            (self._directory / self.sha256).touch()

    def leave(self) -> None:
        """Nobody can tell now whether a document names what was kept: the sweep will."""
        self._is_left = True


class Blobs:
    """Videos, posters, GIFs and the scratch directories of attempts, beneath one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._incoming, self._scratch = root / "incoming", root / "scratch"
        self._sources, self._posters, self._gifs = root / "sources", root / "posters", root / "gifs"
        self._make_folders()

    def _make_folders(self) -> None:
        try:
            for folder in (self._incoming, self._scratch, self._sources, self._posters, self._gifs):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError:
            raise errors.DirectoryNotWritable(path=self.root) from None

    def check_writable(self) -> None:
        """Write a small file that has no name.

        Raises:
            errors.ServiceUnavailable
        """
        try:
            with tempfile.TemporaryFile(dir=self._incoming) as trial:
                trial.write(b"gifapp")
                trial.flush()
        except OSError as refused:
            raise errors.ServiceUnavailable(service="The storage") from refused

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Nobody else keeps or removes videos meanwhile: what a document names must not be removed."""
        with (self.root / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def check_disk(self, more_bytes: int, *, reserve_bytes: int) -> None:
        """Raise errors.DiskFull when `more_bytes` would leave less than the reserve free."""
        if shutil.disk_usage(self.root).free - more_bytes < reserve_bytes:
            raise errors.DiskFull

    def room(self) -> tuple[int, int]:
        """The bytes of the disk, and those of it that are free."""
        usage = shutil.disk_usage(self.root)
        return usage.total, usage.free

    def incoming(self, *, limit_bytes: int, room: Room) -> Incoming:
        return Incoming(self._incoming / uuid4().hex, limit_bytes, room)

    def keep_source(self, incoming: Incoming) -> None:
        """Move a finished upload and its poster to where its digest says, unless the bytes are there."""
        incoming.note_digest()
        for aside, place in (
            (incoming.path, self.source_path(incoming.sha256)),
            (incoming.poster_path, self.poster_path(incoming.sha256)),
        ):
            if not place.exists():
                _move(aside, place)

    def place(self, kind: FileKind, name: str) -> Path:
        """Where a file of this kind and name is, or would be."""
        places = {"source": self.source_path, "poster": self.poster_path, "gif": self.gif_path}
        return places[kind](name)

    def keep(self, aside: Path, kind: FileKind, name: str) -> None:
        """Move a file that is written into its place."""
        _move(aside, self.place(kind, name))

    def source_path(self, sha256: str) -> Path:
        return self._sources / sha256[:2] / sha256

    def poster_path(self, sha256: str) -> Path:
        return self._posters / sha256[:2] / f"{sha256}.jpg"

    def files_of_source(self, sha256: str) -> list[tuple[Path, FileKind]]:
        return [(self.source_path(sha256), "source"), (self.poster_path(sha256), "poster")]

    def remove_source(self, sha256: str) -> None:
        for path, _ in self.files_of_source(sha256):
            path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def scratch(self, key: str) -> Iterator[Path]:
        """A directory for the attempt `key`, gone afterwards."""
        directory = self._scratch / key
        with writing():
            lock = make_held(directory)
        with lock:
            try:
                yield directory
            finally:
                shutil.rmtree(directory, ignore_errors=True)

    def keep_gif(self, aside: Path, key: str) -> None:
        """Move the GIF of the attempt `key` from its scratch directory into place."""
        _move(aside, self.gif_path(key))

    def gif_path(self, key: str) -> Path:
        """Named like a GIF whatever its format is: the job knows."""
        return self._gifs / f"{key}.gif"

    def remove_attempt(self, key: str) -> None:
        """Remove whatever the attempt `key` left: its GIF, its scratch directory."""
        self.gif_path(key).unlink(missing_ok=True)
        self.remove_scratch(key)  # last: it is what tells of the GIF

    def remove_scratch(self, key: str) -> None:
        shutil.rmtree(self._scratch / key, ignore_errors=True)

    def left_attempts(self, *, untouched_s: float) -> list[str]:
        """The keys of scratch directories that no living process holds."""
        return [directory.name for directory in _left_in(self._scratch, untouched_s)]

    def left_uploads(self, *, untouched_s: float) -> list[LeftUpload]:
        """Uploads that no living process holds."""
        return [LeftUpload(directory) for directory in _left_in(self._incoming, untouched_s)]

    def files(self, *, older_than_s: float) -> Iterator[StoredFile]:
        """The videos, posters and GIFs that are so old. What is not named like one of ours is left out."""
        oldest = time.time() - older_than_s
        places: list[tuple[FileKind, Iterator[Path]]] = [
            ("source", self._sources.glob("??/*")),
            ("poster", self._posters.glob("??/*.jpg")),
            ("gif", self._gifs.glob("*.gif")),
        ]
        for kind, paths in places:
            for path in paths:
                if _OURS[kind].fullmatch(path.stem) and (found := _stat(path)) and found.st_mtime < oldest:
                    yield StoredFile(kind, path.stem, path, found.st_size)


class LeftUpload:
    """What is left of an upload whose process was killed, or could not tell how it ended."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @property
    def sha256(self) -> str | None:
        """Of the video that may have been kept; None: it did not come so far."""
        with contextlib.suppress(FileNotFoundError):
            names = (path.name for path in self._directory.iterdir())
            return next((name for name in names if len(name) == _SHA256_LENGTH), None)
        return None

    def remove(self) -> None:
        shutil.rmtree(self._directory, ignore_errors=True)


def _left_in(folder: Path, untouched_s: float) -> list[Path]:
    # the wait is for those that are made and not locked yet
    latest = time.time() - untouched_s
    return [path for path in folder.iterdir() if _last_touched(path) < latest and not holder_lives(path)]


def _move(aside: Path, place: Path) -> None:
    """Rename, and survive a power cut: first the bytes are on the disk, then the name."""
    with writing():
        place.parent.mkdir(exist_ok=True, mode=0o700)
        _sync(aside)
        aside.replace(place)
        _sync(place.parent)


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _stat(path: Path) -> os.stat_result | None:
    with contextlib.suppress(FileNotFoundError):  # somebody has removed it since it was listed
        return path.stat()
    return None


def _last_touched(directory: Path) -> float:
    # whoever works in it may remove it, or a part of it, while we look
    touched = [0.0]
    with contextlib.suppress(FileNotFoundError):
        touched += [path.stat().st_mtime for path in (directory, *directory.iterdir())]
    return max(touched)
