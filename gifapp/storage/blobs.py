"""Videos, posters and GIFs: written in the workspace, then moved into the store.

Videos and posters are named by the SHA-256 of the video, GIFs by the attempt that made them.
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
    """Where files stay once they are complete, for web and workers on every machine.

    Every method may raise errors.ServiceUnavailable.
    """

    def check_writable(self) -> None:
        """Try it."""

    def exclusive(self) -> AbstractContextManager[None]:
        """Nobody else keeps or removes videos meanwhile: what a document names must not be removed."""

    def prestage(self, aside: Path, blob: Blob) -> None:
        """Do now what of `keep` takes long, as far as anything does."""

    def keep(self, aside: Path, blob: Blob) -> None:
        """Put a file that is written into its place; `aside` may be gone afterwards.

        Raises:
            errors.DiskFull
        """

    def holds(self, blob: Blob) -> bool:
        """Whether it is there."""

    def local(self, blob: Blob) -> AbstractContextManager[Path]:
        """Have it as a file, to read until the block ends.

        Raises:
            FileNotFoundError: on entering.
            errors.DiskFull
        """

    def remove(self, blob: Blob) -> None:
        """Once more changes nothing."""

    def files(self, *, older_than_s: float) -> Iterator[StoredFile]:
        """Those that are so old. What is not named like one of ours is left out."""


def open_blobs(storage_url: str, *, work_dir: Path, cache_bytes: int, take_turn: TakeTurn) -> Blobs:
    """The storage at a `file://` or `s3://` URL; folders are made when missing.

    Args:
        storage_url: of a folder, or of a bucket and what its objects' names begin with.
        work_dir: where things are made before they go to a bucket; a folder has room for that itself.
        cache_bytes: how much of a bucket is kept here.
        take_turn: how those who share a bucket work one at a time.

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
        """What takes long of `keep_source`, before anybody has to wait for us."""
        incoming.note_digest()
        for aside, blob in _files_of(incoming):
            self.store.prestage(aside, blob)

    def keep_source(self, incoming: Incoming) -> None:
        """Move a finished upload and its poster to where its digest says, unless the bytes are there.

        Only within `store.exclusive()`.
        """
        incoming.note_digest()
        for aside, blob in _files_of(incoming):
            if not self.store.holds(blob):
                self.store.keep(aside, blob)

    def remove_source(self, sha256: str) -> None:
        """Only within `store.exclusive()`."""
        for blob in files_of_source(sha256):
            self.store.remove(blob)

    @contextlib.contextmanager
    def video(self, sha256: str) -> Iterator[Path]:
        """Have a video as a file, to read until the block ends.

        Raises:
            errors.SourceGone, errors.DiskFull
        """
        with contextlib.ExitStack() as held:
            try:
                path = held.enter_context(self.store.local(Blob("source", sha256)))
            except FileNotFoundError:
                raise errors.SourceGone from None
            yield path

    def keep_gif(self, aside: Path, key: str) -> None:
        """Put the GIF of the attempt `key` from its scratch directory into its place."""
        self.store.keep(aside, Blob("gif", key))

    def remove_attempt(self, key: str) -> None:
        """Remove whatever the attempt `key` left: its GIF, its scratch directory."""
        self.store.remove(Blob("gif", key))
        self.workspace.remove_scratch(key)  # last: it is what tells of the GIF


def _files_of(incoming: Incoming) -> tuple[tuple[Path, Blob], ...]:
    video, poster = files_of_source(incoming.sha256)
    return (incoming.path, video), (incoming.poster_path, poster)
