"""Videos, posters, proxies, GIFs and stills: written in the workspace, then moved into the store.

Videos, posters and proxies are named by the SHA-256 of the video, GIFs and their stills
by the attempt that made them.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from gifapp import errors
from gifapp.storage.blob import Blob, StoredFile, files_of_source
from gifapp.storage.bucket import Bucket, TakeTurn
from gifapp.storage.cache import Cache
from gifapp.storage.folder import Folder
from gifapp.storage.incoming import Incoming
from gifapp.storage.workspace import Workspace


class BlobStore(Protocol):
    """The store for complete files, shared by web and workers on all machines.

    Every method may raise errors.ServiceUnavailable.
    """

    def check_writable(self) -> None:
        """Check that files can be written."""

    def exclusive(self) -> AbstractContextManager[None]:
        """Hold the lock on storing and removing videos, so that no video in use is removed."""

    def prestage(self, aside: Path, blob: Blob) -> None:
        """Do the slow part of `keep` in advance, if there is one."""

    def keep(self, aside: Path, blob: Blob) -> None:
        """Store the complete file `aside`, which may be moved.

        Raises:
            errors.DiskFull
        """

    def holds(self, blob: Blob) -> bool:
        """Whether the blob is stored."""

    def local(self, blob: Blob) -> AbstractContextManager[Path]:
        """Provide the blob as a local file, readable until the block ends.

        Raises:
            FileNotFoundError: on entering.
            errors.DiskFull
        """

    def remove(self, blob: Blob) -> None:
        """Remove the blob; idempotent."""

    def files(self, *, older_than_s: float) -> Iterator[StoredFile]:
        """The stored files at least this old; files that are not ours are left out."""


def open_blobs(storage_url: str, *, work_dir: Path, cache_bytes: int, take_turn: TakeTurn) -> Blobs:
    """Open the storage at a `file://` or `s3://` URL; missing folders are created.

    Args:
        storage_url: the URL of a folder, or of a bucket and key prefix.
        work_dir: the local workspace for a bucket; a folder contains its own.
        cache_bytes: the size of the local cache of a bucket.
        take_turn: the lock among processes that share a bucket.

    Raises:
        errors.SettingInvalid: another scheme.
        errors.DirectoryNotWritable
    """
    parts = urlsplit(storage_url)
    if parts.scheme == "file" and not parts.netloc:
        root = Path(unquote(parts.path))
        return Blobs(Workspace(root), Folder(root))
    if parts.scheme == "s3" and re.fullmatch(r"[a-z0-9.-]+", parts.netloc) and not parts.query:
        workspace, cache = Workspace(work_dir), Cache(work_dir / "cache", cache_bytes)
        return Blobs(workspace, Bucket(storage_url, workspace=workspace, cache=cache, take_turn=take_turn))
    problem = "it must look like file:///path or s3://bucket/prefix"
    raise errors.SettingInvalid(name="GIFAPP_STORAGE_URL", problem=problem)


class Blobs:
    def __init__(self, workspace: Workspace, store: BlobStore) -> None:
        self.workspace = workspace
        self.store = store

    def check_writable(self) -> None:
        """Raises errors.ServiceUnavailable."""
        self.workspace.check_writable()
        self.store.check_writable()

    def prestage(self, incoming: Incoming) -> None:
        """Do the slow part of `keep_source` before taking the lock."""
        incoming.note_digest()
        for aside, blob in _files_of(incoming):
            self.store.prestage(aside, blob)

    def keep_source(self, incoming: Incoming) -> None:
        """Store a finished upload and its poster under its digest, unless they are stored already.

        Call only within `store.exclusive()`.
        """
        incoming.note_digest()
        for aside, blob in _files_of(incoming):
            if not self.store.holds(blob):
                self.store.keep(aside, blob)

    def remove_source(self, sha256: str) -> None:
        """Remove a video, its poster and its proxy. Call only within `store.exclusive()`."""
        for blob in (*files_of_source(sha256), Blob("proxy", sha256)):
            self.store.remove(blob)

    @contextlib.contextmanager
    def video(self, sha256: str) -> Iterator[Path]:
        """Provide a video as a local file, readable until the block ends.

        Raises:
            errors.SourceGone, errors.DiskFull
        """
        with contextlib.ExitStack() as stack:
            try:
                path = stack.enter_context(self.store.local(Blob("source", sha256)))
            except FileNotFoundError:
                raise errors.SourceGone from None
            yield path

    def keep_gif(self, aside: Path, key: str) -> None:
        """Store the GIF of the attempt `key`, from its scratch directory."""
        self.store.keep(aside, Blob("gif", key))

    def keep_still(self, aside: Path, key: str) -> None:
        """Store the first frame of the GIF of the attempt `key`, from its scratch directory."""
        self.store.keep(aside, Blob("still", key))

    def remove_attempt(self, key: str) -> None:
        """Remove the GIF, the still and the scratch directory of the attempt `key`."""
        self.store.remove(Blob("still", key))
        self.store.remove(Blob("gif", key))
        self.workspace.remove_scratch(key)  # last, because the sweep finds the GIF by it


def _files_of(incoming: Incoming) -> tuple[tuple[Path, Blob], ...]:
    video, poster = files_of_source(incoming.sha256)
    return (incoming.path, video), (incoming.poster_path, poster)
