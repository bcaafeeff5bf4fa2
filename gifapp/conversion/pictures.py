"""Pictures that are no video: one of them, an animated WebP, a folder or a zip of them.

What strangers sent is opened in a child process only; see `inspection` and `picture_stream`.
"""

from __future__ import annotations

import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from struct import error as StructError  # noqa: N812
from typing import IO, Literal

from PIL import Image, ImageOps, UnidentifiedImageError

from gifapp import errors
from gifapp.conversion import webp
from gifapp.conversion.video import SEQUENCE
from gifapp.domain.timing import STANDARD_FPS

READABLE = ("PNG", "JPEG", "WEBP")
Kind = Literal["folder", "zip", "png", "jpeg", "webp"]
LONE_MS = 100  # how long a single picture shows
MOST_PICTURES = 10_000
MOST_UNPACKED_BYTES = 2_000_000_000
PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

# all that Pillow and zipfile raise at damaged files
DAMAGE = (OSError, SyntaxError, ValueError, EOFError, StructError, zlib.error, zipfile.BadZipFile)

_LITTER = ("__MACOSX", "Thumbs.db", "desktop.ini")

Image.MAX_IMAGE_PIXELS = None  # our own limit is checked before a picture is decoded


def kind_of(path: Path) -> Kind | None:
    """What `path` is by its content; None: none of ours, a video perhaps. ffmpeg knows APNG."""
    if path.is_dir():
        return "folder"
    with path.open("rb") as file:
        start = file.read(12)
        if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            return "zip"
        if start.startswith(b"\xff\xd8\xff"):
            return "jpeg"
        if start.startswith(b"RIFF") and start.endswith(b"WEBP"):
            return "webp"
        return "png" if start.startswith(b"\x89PNG\r\n\x1a\n") and not _is_animated(file) else None


def _is_animated(png: IO[bytes]) -> bool:
    try:
        return bool(getattr(Image.open(png, formats=("PNG",)), "is_animated", False))
    except DAMAGE:
        return False


@dataclass(frozen=True)
class Member:
    """One file with a picture; `open` gives its bytes."""

    name: str
    open: Callable[[], IO[bytes]]


@dataclass(frozen=True)
class Header:
    """What a picture says of itself before it is decoded; the size is the upright one's."""

    format: str
    width_px: int
    height_px: int
    may_have_alpha: bool


class Pictures:
    """Pictures in the order in which they show; none is decoded before it is asked for.

    Attributes:
        container: the format of a single file, or SEQUENCE.
    """

    def __init__(self, members: list[Member], container: str) -> None:
        self._members = members
        self.container = container

    def headers(self) -> Iterator[tuple[str, Header | None]]:
        """The name of each file, and its header; None: it is no picture that we read.

        Raises:
            errors.PicturesInvalid, errors.SourceDamaged
        """
        for member in self._members:
            with self._naming_damage(member), member.open() as file:
                yield member.name, _header(file)

    def delays_ms(self) -> list[int]:
        """How long each picture shows."""
        if self.container == SEQUENCE:
            return [round(1000 / STANDARD_FPS)] * len(self._members)
        with self._members[0].open() as file:
            return webp.delays_ms(file) or [LONE_MS]

    def shown(self, is_wanted: Callable[[int], bool] = lambda _: True) -> Generator[Image.Image]:
        """The pictures whose numbers are wanted, decoded, RGB or RGBA, upright.

        Raises:
            errors.PicturesInvalid, errors.SourceDamaged
        """
        for number, member in enumerate(self._members):
            if self.container == SEQUENCE and not is_wanted(number):
                continue
            with (
                self._naming_damage(member),
                member.open() as file,
                Image.open(file, formats=READABLE) as image,
            ):
                if self.container == SEQUENCE:
                    yield upright(image)
                else:
                    yield from _frames(image, is_wanted)

    @contextmanager
    def _naming_damage(self, member: Member) -> Iterator[None]:
        try:
            yield
        except DAMAGE:
            if self.container != SEQUENCE:
                raise errors.SourceDamaged from None
            raise errors.PicturesInvalid(problem=f"{member.name!r} is damaged") from None


def _header(file: IO[bytes]) -> Header | None:
    try:
        image = Image.open(file, formats=READABLE)
    except UnidentifiedImageError:
        return None
    width, height = image.size
    if _orientation(image) >= 5:
        width, height = height, width
    return Header(str(image.format), width, height, image.has_transparency_data)


def _orientation(image: Image.Image) -> int:
    # asked for its EXIF, a PNG without any decodes itself
    return int(image.getexif().get(0x0112, 1)) if image.info.keys() & {"exif", "xmp"} else 1


def _frames(image: Image.Image, is_wanted: Callable[[int], bool]) -> Iterator[Image.Image]:
    for number in filter(is_wanted, range(getattr(image, "n_frames", 1))):
        image.seek(number)
        yield upright(image.copy())  # which may turn it: the decoder goes on with its own


def upright(image: Image.Image) -> Image.Image:
    """The picture, RGB or RGBA, as its EXIF says that it is to be seen; `image` itself may be turned."""
    has_alpha = image.has_transparency_data
    if image.mode.startswith("I"):  # 16 bits of grey: Pillow would show all above 255 as white
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    ImageOps.exif_transpose(image, in_place=True)
    return in_mode(image, "RGBA" if has_alpha else "RGB")


def in_mode(image: Image.Image, mode: str) -> Image.Image:
    """The picture in `mode`, without a copy of one that is: they may be large."""
    return image if image.mode == mode else image.convert(mode)


@contextmanager
def opened(path: Path) -> Iterator[Pictures]:
    """The pictures at `path`, of which `kind_of` knows that there are some.

    Raises:
        errors.PicturesInvalid: what is wrong with the folder or the zip.
    """
    kind = kind_of(path)
    if kind == "folder":
        yield Pictures(_in_folder(path), SEQUENCE)
    elif kind == "zip":
        with closing(_opened_zip(path)) as archive:
            yield Pictures(_in_zip(archive), SEQUENCE)
    else:
        yield Pictures([Member(path.name, partial(_bytes_of, path))], str(kind))


def _in_folder(path: Path) -> list[Member]:
    files = sorted(
        (file for file in path.iterdir() if not _is_litter(file.name)), key=lambda file: _natural(file.name)
    )
    for file in files:
        if not file.is_file():
            raise errors.PicturesInvalid(problem=f"{file.name!r} is no file")
    return _counted([Member(file.name, partial(_bytes_of, file)) for file in files])


def _bytes_of(path: Path) -> IO[bytes]:
    return path.open("rb")


def _opened_zip(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except DAMAGE:
        raise errors.PicturesInvalid(problem="the zip is damaged") from None


def _in_zip(archive: zipfile.ZipFile) -> list[Member]:
    """The files of a zip. Nothing is unpacked to the disk; strange ones are refused all the same."""
    files = [info for info in archive.infolist() if not info.is_dir()]
    for info in files:
        if problem := _problem(info):
            raise errors.PicturesInvalid(problem=f"{info.filename!r} {problem}")
    files = [info for info in files if not any(map(_is_litter, PurePosixPath(info.filename).parts))]
    if sum(info.file_size for info in files) > MOST_UNPACKED_BYTES:
        raise errors.PicturesInvalid(problem=f"unpacked they are more than {MOST_UNPACKED_BYTES:,} bytes")
    files.sort(key=lambda info: _natural(info.filename))
    return _counted([Member(info.filename, partial(archive.open, info)) for info in files])


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


def _counted(members: list[Member]) -> list[Member]:
    if not members:
        raise errors.PicturesInvalid(problem="there are none")
    if len(members) > MOST_PICTURES:
        raise errors.PicturesInvalid(problem=f"there are {len(members):,}; the limit is {MOST_PICTURES:,}")
    return members


def _is_litter(name: str) -> bool:
    """What file managers leave behind."""
    return name.startswith(".") or name in _LITTER


def _natural(name: str) -> list[tuple[int, str]]:
    """A key that sorts 2 before 10."""
    parts = re.split(r"(\d+)", name.casefold())
    return [(int(part) if part.isdecimal() else -1, part) for part in parts]
