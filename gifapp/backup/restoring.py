"""Restores an archive into an empty MongoDB and storage."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, cast

import bson
from bson.codec_options import CodecOptions
from bson.errors import InvalidBSON
from bson.raw_bson import RawBSONDocument
from pymongo.database import Database
from pymongo.errors import OperationFailure

from gifapp import errors, private
from gifapp.backup.archive import (
    COMPLETE,
    FILES,
    FORMAT,
    HEAD,
    SECRET,
    Complete,
    Entry,
    Hashing,
    Head,
    read_archive,
)
from gifapp.domain.views.administration import FileKind
from gifapp.jobs.db.migrations import SCHEMA_VERSION
from gifapp.mongodb import reaching_mongodb
from gifapp.os_errors import translating_os_errors
from gifapp.storage.blob import Blob
from gifapp.storage.blobs import Blobs

_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
_BATCH = 500
_OF_PEOPLE = ("users", "sources", "jobs")
_SCRATCH = "restore-0"


@reaching_mongodb()
def restore(database: Database[Any], blobs: Blobs, archive: Path, *, secret_path: Path | None) -> Complete:
    """Restore the archive; on failure, everything is undone.

    The documents are restored with their schema at that time (see `jobs.db.migrations`), and jobs that were
    running still hold their leases (see `jobs.db.leases.release_all`).

    The signing secret is written to `secret_path`; None: it is stored elsewhere, and is left as it is.

    Raises:
        errors.BackupUnreadable, errors.BackupTooNew
        errors.RestoreTargetNotEmpty: there are accounts, videos or jobs, or another secret.
        errors.DiskFull, errors.ServiceUnavailable
    """
    for name in _OF_PEOPLE:
        if database[name].find_one():
            raise errors.RestoreTargetNotEmpty(what=f"the database already contains {name}")
    with ExitStack() as undo, blobs.workspace.scratch(_SCRATCH) as scratch, read_archive(archive) as entries:
        restoring = _Restoring(database, blobs, secret_path, scratch, undo)
        for entry in entries:
            restoring.take(entry)
        complete = restoring.finish()
        undo.pop_all()
    return complete


class _Restoring:
    """Restores files and the secret as they are read, and documents once everything has been read."""

    def __init__(
        self, database: Database[Any], blobs: Blobs, secret_path: Path | None, scratch: Path, undo: ExitStack
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._secret_path = secret_path
        self._scratch = scratch
        self._undo = undo
        self._head: Head | None = None
        self._complete: Complete | None = None
        self._digests: dict[str, str] = {}
        self._others: dict[str, str] = {}

    def take(self, entry: Entry) -> None:
        if entry.name == HEAD:
            self._head = _checked(Head.model_validate_json(self._content(entry)))
        elif self._head is None:
            raise errors.BackupUnreadable(problem="it is not a gifapp backup")
        elif entry.name == SECRET:
            self._keep_secret(self._content(entry))
        elif entry.name == COMPLETE:
            self._complete = Complete.model_validate_json(entry.content())
        elif entry.name.startswith(FILES):
            self._keep_file(entry)
        else:
            self._others[entry.name] = self._write(entry, self._scratch / Path(entry.name).name)

    def finish(self) -> Complete:
        """Check that nothing is missing, then insert the documents."""
        if self._complete is None:
            raise errors.BackupUnreadable(problem="it is truncated")
        if self._digests != self._complete.files:
            raise errors.BackupUnreadable(problem="its files differ from the saved ones")
        if self._complete.others not in (None, self._others):
            raise errors.BackupUnreadable(problem="its documents differ from the saved ones")
        for name, count in self._complete.documents.items():
            if f"documents/{name}.bson" not in self._others or self._insert(name) != count:
                raise errors.BackupUnreadable(problem=f"documents of {name!r} are missing")
        return self._complete

    def _content(self, entry: Entry) -> bytes:
        content = entry.content()
        self._others[entry.name] = hashlib.sha256(content).hexdigest()
        return content

    def _insert(self, name: str) -> int:
        path, count = self._scratch / f"{name}.bson", 0
        self._undo.callback(self._database.drop_collection, name)
        self._database.drop_collection(name)
        with path.open("rb") as file, _explaining_damage():
            for batch in _batches(bson.decode_file_iter(file, _RAW)):
                self._database[name].insert_many(batch)
                count += len(batch)
        return count

    def _keep_file(self, entry: Entry) -> None:
        blob = Blob(*cast("tuple[FileKind, str]", entry.name.split("/")[1:]))
        aside = self._scratch / "file"
        digest = self._write(entry, aside)
        if blob.kind == "source" and digest != blob.name:
            raise errors.BackupUnreadable(problem=f"{entry.name} is damaged")
        self._digests["/".join(blob)] = digest
        if not self._blobs.store.holds(blob):
            self._undo.callback(self._blobs.store.remove, blob)
        self._blobs.store.keep(aside, blob)

    def _write(self, entry: Entry, path: Path) -> str:
        """Write the entry to `path`; returns its SHA-256."""
        hashing = Hashing(entry.file)
        with translating_os_errors(), path.open("wb") as out:
            shutil.copyfileobj(hashing, out, 1024 * 1024)
        return hashing.sha256

    def _keep_secret(self, secret: bytes) -> None:
        path = self._secret_path
        if path is None:
            return
        if path.exists():
            if path.read_bytes().strip() != secret.strip():
                raise errors.RestoreTargetNotEmpty(what=f"{path} contains another secret")
            return
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with private.create(path) as out:
            self._undo.callback(partial(path.unlink, missing_ok=True))
            out.write(secret)


def _checked(head: Head) -> Head:
    if head.format > FORMAT or head.schema_version > SCHEMA_VERSION:
        raise errors.BackupTooNew(version=head.gifapp)
    return head


@contextlib.contextmanager
def _explaining_damage() -> Iterator[None]:
    try:
        with reaching_mongodb():
            yield
    except (InvalidBSON, OperationFailure):
        raise errors.BackupUnreadable(problem="its documents are damaged") from None


def _batches(documents: Iterator[RawBSONDocument]) -> Iterator[list[RawBSONDocument]]:
    while batch := list(islice(documents, _BATCH)):
        yield batch
