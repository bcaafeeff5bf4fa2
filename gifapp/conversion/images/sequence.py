"""Lists the pictures of a folder or zip in natural order of their names."""

from __future__ import annotations

import re
import stat
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from gifapp import errors
from gifapp.conversion.images.tiles import DAMAGE, MAX_TILES
from gifapp.domain.wording import size

MAX_UNPACKED_BYTES = 2_000_000_000
MAX_PICTURE_BYTES = 300_000_000  # more than 16 bits of each channel of the largest picture
PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

_SYSTEM_FILES = ("__MACOSX", "Thumbs.db", "desktop.ini")
_SUFFIX = re.compile(r"\.[a-z]\w*$", re.IGNORECASE)
# a minus is a sign unless a word ends at it; a point is decimal if it is the only one: not in 1.2.10
_NUMBER = re.compile(r"((?:(?<![^\W_])-)?(?<![\d.])\d+\.\d+(?![\d.])|(?:(?<![^\W_])-)?\d+)")
_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True)
class Member:
    """A file with a picture, of `size_bytes` unpacked; `open` opens it for reading."""

    name: str
    size_bytes: int
    open: Callable[[], IO[bytes]]


def in_folder(path: Path) -> list[Member]:
    """The picture files of a folder.

    Raises:
        errors.PicturesInvalid: the folder cannot be used.
    """
    files = [file for file in path.iterdir() if not _is_system_file(file.name)]
    for file in sorted(files):
        if not file.is_file():
            raise errors.PicturesInvalid(problem=f"{file.name!r} is not a file")
    return ordered(Member(file.name, file.stat().st_size, partial(_bytes_of, file)) for file in files)


def _bytes_of(path: Path) -> IO[bytes]:
    return path.open("rb")


def opened_zip(path: Path) -> zipfile.ZipFile:
    """Open a zip; the caller closes it.

    Raises:
        errors.PicturesInvalid: it is damaged.
    """
    try:
        return zipfile.ZipFile(path)
    except (*DAMAGE, zipfile.BadZipFile):
        raise errors.PicturesInvalid(problem="the zip is damaged") from None


def in_zip(archive: zipfile.ZipFile) -> list[Member]:
    """The picture files of a zip. Nothing is unpacked to disk; suspicious zips are rejected all the same.

    Raises:
        errors.PicturesInvalid: the zip cannot be used.
    """
    files = [info for info in archive.infolist() if not info.is_dir()]
    for info in files:
        if problem := _problem(info):
            raise errors.PicturesInvalid(problem=f"{info.filename!r} {problem}")
    files = [info for info in files if not any(map(_is_system_file, PurePosixPath(info.filename).parts))]
    if sum(info.file_size for info in files) > MAX_UNPACKED_BYTES:
        raise errors.PicturesInvalid(problem=f"unpacked, they exceed the limit of {size(MAX_UNPACKED_BYTES)}")
    return ordered(Member(info.filename, info.file_size, partial(archive.open, info)) for info in files)


def _problem(info: zipfile.ZipInfo) -> str | None:
    path = PurePosixPath(info.filename)
    if path.is_absolute() or ".." in path.parts:
        return "points outside the zip"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "is a link"
    if info.flag_bits & 1:
        return "has a password"
    if info.compress_type not in PACKINGS:
        return "is packed in a way gifapp does not read"
    return None


def _is_system_file(name: str) -> bool:
    """Whether it is a hidden file, or one that file managers leave behind."""
    return name.startswith(".") or name in _SYSTEM_FILES


def ordered(members: Iterable[Member]) -> list[Member]:
    """The files in natural order of their names.

    Raises:
        errors.PicturesInvalid: there are none or too many, or one is too large.
    """
    ordered = sorted(members, key=lambda member: (natural_key(member.name), member.name))
    if not ordered:
        raise errors.PicturesInvalid(problem="there are none")
    if len(ordered) > MAX_TILES:
        raise errors.PicturesInvalid(problem=f"there are {len(ordered):,}; the limit is {MAX_TILES:,}")
    if largest := next((member for member in ordered if member.size_bytes > MAX_PICTURE_BYTES), None):
        raise errors.PicturesInvalid(problem=f"{largest.name!r} has more than {MAX_PICTURE_BYTES:,} bytes")
    return ordered


def natural_key(name: str) -> list[list[str | Decimal]]:
    """A key that sorts names as people do: 2 before 10, -1.0 before 0.25, `a` before `a1`."""
    return _key(name, _NUMBER)


def unclear_neighbours(names: list[str]) -> tuple[str, str] | None:
    """The first two neighbours of ordered names whose order is ambiguous.

    That is so if minus signs or points could also be separators, or if only zeros or case differ.
    """
    keys = [_key(name, _DIGITS) for name in names]
    pairs = zip(zip(names, keys, strict=True), zip(names[1:], keys[1:], strict=True), strict=False)
    return next(((name, other) for (name, key), (other, other_key) in pairs if key >= other_key), None)


def _key(name: str, numbers: re.Pattern[str]) -> list[list[str | Decimal]]:
    words = _SUFFIX.sub("", name.casefold())
    return [_part_key(part, numbers) for part in words.split("/")]


def _part_key(part: str, numbers: re.Pattern[str]) -> list[str | Decimal]:
    return [Decimal(piece) if place % 2 else piece for place, piece in enumerate(numbers.split(part))]
