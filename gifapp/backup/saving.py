"""Writes MongoDB and the storage to an archive while the service is running.

A standalone MongoDB cannot take a snapshot across collections. So documents are read first, referring ones
before those they refer to, and files last. A document whose file is gone is left out if it was deleted, too.
"""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

import bson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.database import Database

from gifapp import private
from gifapp.backup.archive import COMPLETE, FORMAT, HEAD, SECRET, ArchiveWriter, Complete, Head
from gifapp.jobs.db.migrations import schema_version
from gifapp.mongodb import reaching_mongodb
from gifapp.storage.blob import Blob, files_of_gif, files_of_source
from gifapp.storage.blobs import Blobs

_REFERRING_FIRST = ("shares", "jobs", "sources")
_TRANSIENT = {"workers", "locks"}
_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)

OnFile = Callable[[int, int], None]
"""Called with the number of files written so far, and the total."""


@dataclass(frozen=True)
class Saved:
    """The contents of an archive, and the files that documents refer to but the storage lacked."""

    complete: Complete
    missing: list[str]


@reaching_mongodb()
def save(
    database: Database[Any],
    blobs: Blobs,
    out: Path,
    *,
    secret: bytes | None,
    on_file: OnFile = lambda *_: None,
) -> Saved:
    """Write everything to `out`, readable only by its owner; on failure, `out` is not created.

    Raises:
        errors.ServiceUnavailable: MongoDB is down.
        OSError: `out` cannot be written, or is something other than a file.
    """
    with _written_atomically(out) as file, ExitStack() as stack, ArchiveWriter(file) as archive:
        archive.add_model(HEAD, _head(database))
        if secret is not None:
            archive.add_bytes(SECRET, secret)
        spools = [stack.enter_context(_spooled(database, name, out.parent)) for name in _ordered(database)]
        files = _add_files(archive, blobs, spools, on_file)
        missing = {name for name, digest in files.items() if digest is None}
        documents = {spool.collection: spool.add_to(archive, database, missing) for spool in spools}
        digests = {"/".join(name): digest for name, digest in files.items() if digest is not None}
        complete = Complete(documents=documents, files=digests, others=archive.others)
        archive.add_model(COMPLETE, complete)
    return Saved(complete, sorted("/".join(name) for spool in spools for name in spool.missed))


def _head(database: Database[Any]) -> Head:
    return Head(
        format=FORMAT,
        gifapp=version("gifapp"),
        made_at=datetime.now(UTC).isoformat(),
        schema_version=schema_version(database),
    )


def _ordered(database: Database[Any]) -> list[str]:
    names = set(database.list_collection_names(filter={"type": "collection"})) - _TRANSIENT
    first = [name for name in _REFERRING_FIRST if name in names]
    others = sorted(name for name in names - set(first) if not name.startswith("system."))
    return first + others


@contextlib.contextmanager
def _spooled(database: Database[Any], collection: str, directory: Path) -> Iterator[_Spool]:
    with tempfile.TemporaryFile(dir=directory) as file:
        for document in database.get_collection(collection, codec_options=_RAW).find().sort("_id"):
            file.write(document.raw)
        yield _Spool(collection, directory, file)


def _add_files(
    archive: ArchiveWriter, blobs: Blobs, spools: list[_Spool], on_file: OnFile
) -> dict[Blob, str | None]:
    """Add the files that documents refer to; returns the digest of each, or None if it is gone."""
    names = sorted({name for spool in spools for document in spool for name in spool.files_of(document)})
    digests: dict[Blob, str | None] = {}
    for number, blob in enumerate(names, 1):
        digests[blob] = None
        with contextlib.suppress(FileNotFoundError), blobs.store.local(blob) as path, path.open("rb") as file:
            digests[blob] = archive.add_whole("files/{}/{}".format(*blob), file)
        on_file(number, len(names))
    return digests


@dataclass
class _Spool:
    """The documents of a collection, copied to disk.

    Attributes:
        missed: missing files whose documents still exist.
    """

    collection: str
    directory: Path
    file: IO[bytes]
    missed: set[Blob] = field(default_factory=set)

    def __iter__(self) -> Iterator[RawBSONDocument]:
        self.file.seek(0)
        yield from bson.decode_file_iter(self.file, _RAW)

    def files_of(self, document: RawBSONDocument) -> set[Blob]:
        if self.collection == "sources":
            return set(files_of_source(document["sha256"]))
        if self.collection == "jobs" and document.get("gif"):
            return set(
                files_of_gif(document["gif"]["key"], has_still=document["gif"].get("has_still", False))
            )
        return set()

    def add_to(self, archive: ArchiveWriter, database: Database[Any], missing: set[Blob]) -> int:
        """Append the documents, except those deleted with their files; returns how many."""
        count = 0
        with tempfile.TemporaryFile(dir=self.directory) as spool:
            for document in self:
                if self._is_kept(document, database, missing):
                    spool.write(document.raw)
                    count += 1
            archive.add_whole(f"documents/{self.collection}.bson", spool)
        return count

    def _is_kept(self, document: RawBSONDocument, database: Database[Any], missing: set[Blob]) -> bool:
        lost = self.files_of(document) & missing
        if not lost:
            return True
        exists = database[self.collection].find_one({"_id": document["_id"]}, {"_id": 1}) is not None
        if exists:
            self.missed |= lost
        return exists


@contextlib.contextmanager
def _written_atomically(path: Path) -> Iterator[IO[bytes]]:
    if path.exists() and not path.is_file():  # such as a device, which the file would replace
        raise FileExistsError(errno.EEXIST, "it is not a file")
    aside = private.beside(path)
    file = private.create(aside)
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
