"""A source made of pictures: a still or animated image file, or a folder or zip of images.

Untrusted files are opened only in child processes; see `inspection` and `decoder`.
"""

from __future__ import annotations

import math
import mmap
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Literal

from PIL import Image

from gifapp import errors
from gifapp.conversion.images import containers, sequence
from gifapp.conversion.images.compositor import composed, may_have_holes
from gifapp.conversion.images.sequence import Member
from gifapp.conversion.images.signatures import Container, beginning, container_of, is_zip
from gifapp.conversion.images.tiles import DAMAGE, Animation, Unidentified
from gifapp.conversion.video import SEQUENCE
from gifapp.domain.timing import STANDARD_FPS

Kind = Literal["folder", "zip"] | Container
IN_SEQUENCES: tuple[Container, ...] = ("png", "jpeg", "webp", "avif")
_BYTES_OF_A_PIXEL = 8  # bytes read in the time that a pixel takes; real pictures have fewer
_HEAD_BYTES = 1_000_000  # most files have all their headers in the first megabyte


def kind_of(path: Path) -> Kind | None:
    """What `path` is, by its content; None: not a picture, perhaps a video."""
    if path.is_dir():
        return "folder"
    start = beginning(path)
    if is_zip(start):
        return "zip"
    container = container_of(start)
    is_apng = container == "png" and containers.is_apng(_mapped(path))
    return "apng" if is_apng else container


@dataclass(frozen=True)
class Header:
    """A picture's properties, known before decoding.

    Attributes:
        width_px, height_px: the size of the upright picture.
        largest_px: width and height of the largest picture to decode.
        composed_px: the total number of pixels to decode or draw.
    """

    format: str
    width_px: int
    height_px: int
    may_have_alpha: bool
    largest_px: tuple[int, int]
    composed_px: int


class Pictures(ABC):
    """Pictures in display order, decoded lazily.

    Attributes:
        container: the format of a single file, or SEQUENCE.
        plays: the stored play count, 0 forever; None if there is none.
        is_cut_short: the file is truncated.
        holds_clip: the file also contains a short video.
        unclear_neighbours: two file names whose order is ambiguous.
    """

    container: str
    plays: int | None = None
    is_cut_short: bool = False
    holds_clip: bool = False
    unclear_neighbours: tuple[str, str] | None = None

    @abstractmethod
    def headers(self) -> Iterator[tuple[str, Header | None]]:
        """The name of each file, and its header; None if it is not a supported picture.

        Raises:
            errors.PicturesInvalid, errors.SourceDamaged
        """

    @abstractmethod
    def delays_ms(self) -> list[float]:
        """The delay of each picture."""

    @abstractmethod
    def shown(self, is_wanted: Callable[[int], bool] = lambda _: True) -> Generator[Image.Image]:
        """Decode the pictures whose numbers are wanted: RGB or RGBA, upright, sRGB.

        Raises:
            errors.PicturesInvalid, errors.SourceDamaged
        """

    @abstractmethod
    def perhaps_transparent(self) -> Generator[Image.Image]:
        """The pictures that may have transparent pixels; if none of them has, no picture has."""


class SingleFile(Pictures):
    """A file with a still picture or an animation."""

    def __init__(self, name: str, container: str, animation: Animation) -> None:
        self._name = name
        self._animation = animation
        self.container = container
        self.plays = animation.plays
        self.is_cut_short = animation.is_cut_short
        self.holds_clip = animation.holds_clip

    def headers(self) -> Iterator[tuple[str, Header | None]]:
        yield self._name, _header_from(self.container, self._animation, shown=len(self._animation.tiles))

    def delays_ms(self) -> list[float]:
        return [tile.delay_ms for tile in self._animation.tiles]

    def shown(self, is_wanted: Callable[[int], bool] = lambda _: True) -> Generator[Image.Image]:
        try:
            yield from composed(self._animation, is_wanted)
        except DAMAGE:
            raise errors.SourceDamaged from None

    def perhaps_transparent(self) -> Generator[Image.Image]:
        return self.shown(lambda number: may_have_holes(self._animation, number))


class Sequence(Pictures):
    """The files of a folder or zip, each a picture; animations count as their first picture."""

    container = SEQUENCE

    def __init__(self, members: list[Member]) -> None:
        self._members = members
        self.unclear_neighbours = sequence.unclear_neighbours([member.name for member in members])

    def headers(self) -> Iterator[tuple[str, Header | None]]:
        for member in self._members:
            with _naming_damage(member), member.open() as file:
                yield member.name, _with_bytes_counted(_header(file), member.size_bytes)

    def delays_ms(self) -> list[float]:
        return [1000 / STANDARD_FPS] * len(self._members)

    def shown(self, is_wanted: Callable[[int], bool] = lambda _: True) -> Generator[Image.Image]:
        for number, member in enumerate(self._members):
            if is_wanted(number):
                with _naming_damage(member), member.open() as file:
                    yield first_picture(file.read())

    def perhaps_transparent(self) -> Generator[Image.Image]:
        may_have_alpha = [header is not None and header.may_have_alpha for _, header in self.headers()]
        return self.shown(may_have_alpha.__getitem__)


def _with_bytes_counted(header: Header | None, size_bytes: int) -> Header | None:
    """Count at least as many pixels as the file's size is worth: it may hold more than pictures."""
    min_px = size_bytes // _BYTES_OF_A_PIXEL
    return header and replace(header, composed_px=max(header.composed_px, min_px))


def first_picture(data: bytes) -> Image.Image:
    """The picture in a file; the first one of an animation.

    Raises:
        one of `tiles.DAMAGE`
    """
    return next(composed(containers.read(memoryview(data))))


def _header(file: IO[bytes]) -> Header | None:
    """Read the header, from the beginning of the file if that suffices."""
    head = file.read(_HEAD_BYTES)
    container = container_of(head)
    if container not in IN_SEQUENCES:
        return None
    try:
        animation = containers.read(memoryview(head))
    except DAMAGE:
        animation = containers.read(memoryview(head + file.read()))
    return _header_from(container, animation, shown=1)


def _header_from(container: str, animation: Animation, shown: int) -> Header:
    """The header of a file whose first `shown` pictures are used."""
    canvas_px, *tiles_px = map(math.prod, animation.sizes())
    return Header(
        container,
        animation.width_px,
        animation.height_px,
        animation.tiles[0].may_have_alpha,
        largest_px=max(animation.sizes(), key=math.prod),
        composed_px=sum(max(canvas_px, tile_px) for tile_px in tiles_px[:shown]),
    )


@contextmanager
def _naming_damage(member: Member) -> Iterator[None]:
    try:
        yield
    except (*DAMAGE, zipfile.BadZipFile):
        raise errors.PicturesInvalid(problem=f"{member.name!r} is damaged") from None


@contextmanager
def opened(path: Path) -> Iterator[Pictures]:
    """Open the pictures at `path`, for which `kind_of` is not None.

    Raises:
        errors.PicturesInvalid: the folder or the zip is invalid.
        errors.SourceDamaged, errors.SourceNotVideo: the file contains no picture.
    """
    kind = kind_of(path)
    if kind == "folder":
        yield Sequence(sequence.in_folder(path))
    elif kind == "zip":
        with closing(sequence.opened_zip(path)) as archive:
            yield Sequence(sequence.in_zip(archive))
    else:
        yield SingleFile(path.name, str(kind), _read(path))


def _read(path: Path) -> Animation:
    try:
        return containers.read(_mapped(path))
    except Unidentified:
        raise errors.SourceNotVideo from None
    except DAMAGE:
        raise errors.SourceDamaged from None


def _mapped(path: Path) -> memoryview:
    with path.open("rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
