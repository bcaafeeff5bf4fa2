"""A source made of pictures: an image file, animated or still, or a folder or zip of them.

What strangers sent is opened in a child process only; see `inspection` and `picture_stream`.
"""

from __future__ import annotations

import math
import mmap
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
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
_HEAD_BYTES = 1_000_000  # in which most files have said all of their pictures but the pixels


def kind_of(path: Path) -> Kind | None:
    """What `path` is by its content; None: none of ours, a video perhaps."""
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
    """What a picture says of itself before it is decoded.

    Attributes:
        width_px, height_px: of the upright picture.
        largest_px: width and height of the largest picture that is decoded for it.
        composed_px: how many pixels are decoded or drawn for all that is shown of it.
    """

    format: str
    width_px: int
    height_px: int
    may_have_alpha: bool
    largest_px: tuple[int, int]
    composed_px: int


class Pictures(ABC):
    """Pictures in the order in which they show; none is decoded before it is asked for.

    Attributes:
        container: the format of a single file, or SEQUENCE.
        plays: how often they play by themselves, 0 for ever; None: nothing says it.
        is_cut_short: the file ends before it should.
        holds_clip: a short video is in the file besides.
        unclear_neighbours: two names whose order is not certain.
    """

    container: str
    plays: int | None = None
    is_cut_short: bool = False
    holds_clip: bool = False
    unclear_neighbours: tuple[str, str] | None = None

    @abstractmethod
    def headers(self) -> Iterator[tuple[str, Header | None]]:
        """The name of each file, and its header; None: it is no picture that we read.

        Raises:
            errors.PicturesInvalid, errors.SourceDamaged
        """

    @abstractmethod
    def delays_ms(self) -> list[float]:
        """How long each picture shows."""

    @abstractmethod
    def shown(self, is_wanted: Callable[[int], bool] = lambda _: True) -> Generator[Image.Image]:
        """The pictures whose numbers are wanted, decoded, RGB or RGBA, upright, sRGB.

        Raises:
            errors.PicturesInvalid, errors.SourceDamaged
        """

    @abstractmethod
    def perhaps_transparent(self) -> Generator[Image.Image]:
        """Pictures of which one has transparent pixels, if any of all has."""


class SingleFile(Pictures):
    """A file with a picture, or an animation."""

    def __init__(self, name: str, container: str, animation: Animation) -> None:
        self._name = name
        self._animation = animation
        self.container = container
        self.plays = animation.plays
        self.is_cut_short = animation.is_cut_short
        self.holds_clip = animation.holds_clip

    def headers(self) -> Iterator[tuple[str, Header | None]]:
        yield self._name, _said(self.container, self._animation, shown=len(self._animation.tiles))

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
    """Files of a folder or a zip, each a picture; of an animation its first."""

    container = SEQUENCE

    def __init__(self, members: list[Member]) -> None:
        self._members = members
        self.unclear_neighbours = sequence.unclear_neighbours([member.name for member in members])

    def headers(self) -> Iterator[tuple[str, Header | None]]:
        for member in self._members:
            with _naming_damage(member), member.open() as file:
                yield member.name, _header(file)

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


def first_picture(data: bytes) -> Image.Image:
    """The picture in a file, of an animation the first.

    Raises:
        one of `tiles.DAMAGE`
    """
    return next(composed(containers.read(memoryview(data))))


def _header(file: IO[bytes]) -> Header | None:
    """Without reading all of the file, where its beginning tells."""
    head = file.read(_HEAD_BYTES)
    container = container_of(head)
    if container not in IN_SEQUENCES:
        return None
    try:
        animation = containers.read(memoryview(head))
    except DAMAGE:
        animation = containers.read(memoryview(head + file.read()))
    return _said(container, animation, shown=1)


def _said(container: str, animation: Animation, shown: int) -> Header:
    """The header of a file of which the first `shown` pictures are."""
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
    """The pictures at `path`, of which `kind_of` knows that there are some.

    Raises:
        errors.PicturesInvalid: what is wrong with the folder or the zip.
        errors.SourceDamaged, errors.SourceNotVideo: there is no picture in the file.
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
