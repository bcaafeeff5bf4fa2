"""The backup file: a tar archive, written and read sequentially.

It contains, in this order: `gifapp.json`, the versions that made it; `secret.key`, unless that is stored
elsewhere; `files/KIND/NAME`, the stored files; `documents/COLLECTION.bson`, MongoDB's documents, concatenated
as by mongodump; `complete.json`, the number of documents and the SHA-256 of each entry before it. Without the
last, the archive is incomplete.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple, Self

from pydantic import BaseModel, Field, ValidationError

from gifapp import errors

FORMAT = 1
HEAD, SECRET, COMPLETE, FILES = "gifapp.json", "secret.key", "complete.json", "files/"

_CHUNK_BYTES = 1024 * 1024
_MAX_JSON_BYTES = 1024**3
_NAME = re.compile(
    r"[a-z]+\.(json|key)|files/(source|poster|gif|still)/[0-9a-f]+(-[0-9]+)?|documents/[a-z_]+\.bson"
)


class Head(BaseModel, frozen=True):
    """The version of gifapp that made the archive, and of its documents' schema."""

    format: int = Field(ge=1)
    gifapp: str = Field(pattern=r"^[\w.+!-]{1,64}$")
    made_at: str
    schema_version: int = Field(ge=0)


class Complete(BaseModel, frozen=True):
    """An archive's contents: the number of documents per collection, and the digest of each file.

    Attributes:
        others: the digest of each other entry; None: an earlier version made the archive.
    """

    documents: dict[str, int]
    files: dict[str, str]
    others: dict[str, str] | None = None


class ArchiveWriter:
    def __init__(self, out: IO[bytes]) -> None:
        self._tar = tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115
        self._now = int(time.time())
        self.others: dict[str, str] = {}  # the digest of each entry but files

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._tar.close()

    def add(self, name: str, file: IO[bytes], size_bytes: int) -> str:
        """Append `size_bytes` of `file`; returns their SHA-256."""
        member = tarfile.TarInfo(name)
        member.size, member.mtime, member.mode = size_bytes, self._now, 0o600
        hashing = Hashing(file)
        self._tar.addfile(member, hashing)
        if not name.startswith(FILES):
            self.others[name] = hashing.sha256
        return hashing.sha256

    def add_whole(self, name: str, file: IO[bytes]) -> str:
        """Append the whole `file`; returns its SHA-256."""
        size_bytes = file.seek(0, os.SEEK_END)
        file.seek(0)
        return self.add(name, file, size_bytes)

    def add_bytes(self, name: str, content: bytes) -> None:
        self.add(name, io.BytesIO(content), len(content))

    def add_model(self, name: str, model: BaseModel) -> None:
        self.add_bytes(name, model.model_dump_json().encode())


class Entry(NamedTuple):
    """A file of an archive, to be read before the next one."""

    name: str
    size_bytes: int
    file: IO[bytes]

    def content(self) -> bytes:
        """The whole file.

        Raises:
            errors.BackupUnreadable: it is too large to be one of ours.
        """
        if self.size_bytes > _MAX_JSON_BYTES:
            raise errors.BackupUnreadable(problem=f"{self.name} is too large")
        return self.file.read()


@contextlib.contextmanager
def read_archive(path: Path) -> Iterator[Iterator[Entry]]:
    """The entries of the archive, in order.

    Raises:
        errors.BackupUnreadable: it is not an archive, or damaged; also raised while entries are read.
    """
    try:
        with tarfile.open(path, mode="r|") as tar:
            yield _entries(tar)
    except ValidationError:
        raise errors.BackupUnreadable(problem="it is damaged") from None
    except (tarfile.TarError, EOFError) as damaged:
        raise errors.BackupUnreadable(problem=str(damaged) or "it is truncated") from None
    except (FileNotFoundError, IsADirectoryError, PermissionError) as refused:
        raise errors.BackupUnreadable(problem=refused.strerror) from None


def _entries(tar: tarfile.TarFile) -> Iterator[Entry]:
    for member in tar:
        # a sparse entry may unpack to far more than the archive's size
        file = tar.extractfile(member) if member.isreg() and not member.issparse() else None
        if file is None or not _NAME.fullmatch(member.name):
            raise errors.BackupUnreadable(problem=f"{member.name!r} is not part of a gifapp backup")
        yield Entry(member.name, member.size, file)


class Hashing(io.RawIOBase):
    """Reads from a file, and computes the SHA-256 of what was read."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file = file
        self._hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        self._hash.update(chunk)
        return chunk

    def chunks(self) -> Iterator[bytes]:
        while chunk := self.read(_CHUNK_BYTES):
            yield chunk

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()
