"""A blob store in S3 or a compatible service, through fsspec.

Objects appear complete or not at all. Files are downloaded once for all processes of a machine.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from gifapp import errors
from gifapp.os_errors import translating_os_errors
from gifapp.storage.blob import FOLDERS, Blob, StoredFile
from gifapp.storage.cache import Cache
from gifapp.storage.workspace import Workspace

_CHUNK_BYTES = 8 * 1024 * 1024
_AT_ONCE = 3  # chunks in memory per transfer
_CONFIG = {"connect_timeout": 4, "read_timeout": 10, "retries": {"mode": "standard", "total_max_attempts": 2}}


class Turn(Protocol):
    """A lock held for a limited time."""

    def check(self) -> None:
        """Raises errors.ServiceUnavailable if the lock has expired: someone else may hold it."""


TakeTurn = Callable[[], AbstractContextManager[Turn]]


class Bucket:
    """Objects under `s3://bucket/prefix`; see `BlobStore`.

    Args:
        take_turn: a lock across all machines.

    Raises:
        errors.SettingInvalid: the S3 client is not installed.
    """

    def __init__(self, url: str, *, workspace: Workspace, cache: Cache, take_turn: TakeTurn) -> None:
        self._root = url.removeprefix("s3://").strip("/")
        self._workspace = workspace
        self._cache = cache
        self._take_turn = take_turn
        self._held = threading.local()
        self._s3 = _s3()

    def check_writable(self) -> None:
        with _reaching_s3(), _never_missing():
            self._s3.pipe_file(f"{self._root}/writable", b"gifapp")

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        with self._take_turn() as turn:
            self._held.turn = turn
            try:
                yield
            finally:
                del self._held.turn

    def prestage(self, aside: Path, blob: Blob) -> None:
        if not self.holds(blob):
            self._send(aside, blob)

    def keep(self, aside: Path, blob: Blob) -> None:
        self._send(aside, blob)
        self._check_turn()

    def holds(self, blob: Blob) -> bool:
        with _reaching_s3():
            return bool(self._s3.exists(self._object(blob)))

    @contextlib.contextmanager
    def local(self, blob: Blob) -> Iterator[Path]:
        with self._workspace.scratch(f"read-{uuid4().hex}") as scratch:
            place = scratch / "file"
            self._cache.link(blob, place, partial(self._fetch, blob))
            yield place

    def remove(self, blob: Blob) -> None:
        self._check_turn()
        with _reaching_s3(), contextlib.suppress(FileNotFoundError):
            self._s3.rm_file(self._object(blob))
        self._cache.forget(blob)

    def files(self, *, older_than_s: float) -> Iterator[StoredFile]:
        before = datetime.now(UTC) - timedelta(seconds=older_than_s)
        for folder in FOLDERS:
            for first in "0123456789abcdef":  # in parts, since there may be millions
                for path, facts in self._listed(folder, first).items():
                    blob = Blob.at(path.removeprefix(f"{self._root}/"))
                    if blob and facts["LastModified"] < before:
                        yield StoredFile(blob, facts["size"])

    def _listed(self, folder: str, first: str) -> dict[str, Any]:
        with _reaching_s3(), _never_missing():
            objects: dict[str, Any] = self._s3.find(f"{self._root}/{folder}", prefix=first, detail=True)
            return objects

    def _object(self, blob: Blob) -> str:
        return f"{self._root}/{blob.place}"

    def _send(self, aside: Path, blob: Blob) -> None:
        with _reaching_s3(), _never_missing():
            self._s3.put_file(
                str(aside), self._object(blob), chunksize=_CHUNK_BYTES, max_concurrency=_AT_ONCE
            )
        self._cache.add(aside, blob)

    def _fetch(self, blob: Blob, place: Path) -> None:
        with _reaching_s3(), translating_os_errors():
            self._s3.get_file(
                self._object(blob), str(place), chunksize=_CHUNK_BYTES, max_concurrency=_AT_ONCE
            )

    def _check_turn(self) -> None:
        turn: Turn | None = getattr(self._held, "turn", None)
        if turn is not None:
            turn.check()


def _s3() -> Any:
    try:
        from s3fs import S3FileSystem  # noqa: PLC0415  an optional dependency, and slow to import
    except ModuleNotFoundError:
        problem = "s3:// needs more than is installed: pip install 'gifapp[s3]'"
        raise errors.SettingInvalid(name="GIFAPP_STORAGE_URL", problem=problem) from None
    filesystem = S3FileSystem(config_kwargs=_CONFIG, use_listings_cache=False, skip_instance_cache=True)
    filesystem.retries = 2
    return filesystem


@contextlib.contextmanager
def _reaching_s3() -> Iterator[None]:
    """Translate S3's connection and access errors.

    Raises:
        errors.ServiceUnavailable
        FileNotFoundError: no such object.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  see `_s3`

    try:
        yield
    except FileNotFoundError:
        raise
    except (OSError, BotoCoreError, ClientError) as unavailable:
        raise errors.ServiceUnavailable(service="the storage") from unavailable


@contextlib.contextmanager
def _never_missing() -> Iterator[None]:
    """Translate FileNotFoundError where no object is read: the bucket itself is missing."""
    try:
        yield
    except FileNotFoundError as no_bucket:
        raise errors.ServiceUnavailable(service="the storage") from no_bucket
