"""Reads GIF files block by block, as leniently as browsers.

Source: GIF89a specification, w3.org/Graphics/GIF/spec-gif89a.txt; where it is silent, Chromium's behaviour.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gifapp.conversion.images.colour import coloured
from gifapp.conversion.images.decoding import Pixels, decode, plane
from gifapp.conversion.images.tiles import Animation, Disposal, Tile, append, shown_ms

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_CONTROL, _APPLICATION = 0xF9, 0xFF
_CODE_BITS = range(1, 9)
_OF_256_COLOURS, _GREYS = b"\x87", bytes(np.repeat(np.arange(256, dtype=np.uint8), 3))
_NO_CODE = b"\xff" * 256  # a block of ones terminates unterminated data
_ALPHA = 3  # channel
_MAX_ROWS = 65_535
_REPEATS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
# some old encoders write 4 for "restore to previous"; other values keep
_DISPOSALS = {2: Disposal.CLEAR, 3: Disposal.RESTORE, 4: Disposal.RESTORE}


@dataclass(frozen=True)
class _Control:
    """A graphic control block, which applies to the next image."""

    delay_ms: float = shown_ms(0)
    disposal: Disposal = Disposal.KEEP
    transparent: int | None = None


@dataclass(frozen=True)
class _Image:
    """An image as stored; `data` holds its LZW codes in sub-blocks."""

    width_px: int
    height_px: int
    interlace: int
    code_bits: int
    colours: bytes | memoryview
    transparent: int | None
    data: memoryview


class _Cut(ValueError):
    """The file ends early."""


def read(data: memoryview) -> Animation:
    """Read the images of a GIF; anything after the last one is ignored.

    Raises:
        ValueError: it contains no image.
    """
    parser = _Parser(data)
    parser.walk()
    tiles = parser.tiles
    if parser.is_cut_short and len(tiles) > 1 and not parser.is_last_whole:
        tiles.pop()
    if not tiles:
        raise ValueError("it has no image")
    # the first image may enlarge the screen; later ones are clipped
    _, _, right, bottom = tiles[0].box
    width_px, height_px = max(parser.width_px, right), max(parser.height_px, bottom)
    if not width_px or not height_px:
        raise ValueError("it has no pixels")
    return Animation(width_px, height_px, tiles, parser.plays, parser.is_cut_short)


class _Parser:
    """Walks the blocks once."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self.width_px, self.height_px, flags = struct.unpack_from("<HHB", data, 6)
        self._at = 13
        self._colours = self._table(flags) if flags & 0x80 else b""
        self._control = _Control()
        self.tiles: list[Tile] = []
        self.plays = 1
        self.is_cut_short = False
        self.is_last_whole = True

    def walk(self) -> None:
        try:
            while self._block():
                pass
        except _Cut:
            self.is_cut_short = True

    def _block(self) -> bool:
        kind = self._take(1)[0]
        if kind == _EXTENSION:
            self._extension(self._take(1)[0])
        elif kind == _IMAGE:
            self._image()
        return kind in (_EXTENSION, _IMAGE)

    def _extension(self, label: int) -> None:
        blocks = list(self._sub_blocks())
        if label == _CONTROL and blocks and len(blocks[0]) >= 4:
            self._control = _control(blocks[0])
        elif label == _APPLICATION and len(blocks) > 1 and blocks[0] in _REPEATS:
            repeats = next((block for block in blocks[1:] if len(block) >= 3 and block[0] == 1), None)
            if repeats:
                count = int.from_bytes(repeats[1:3], "little")
                self.plays = count + 1 if count else 0

    def _image(self) -> None:
        control, self._control = self._control, _Control()
        x_px, y_px, width_px, height_px, flags = struct.unpack("<4HB", self._take(9))
        colours = self._table(flags) if flags & 0x80 else self._colours
        code_bits, start = self._take(1)[0], self._at
        self.is_last_whole = self._skip_sub_blocks()
        data = self._data[start : self._at]
        if not self.is_last_whole:
            data = _closed(data)
        image = _Image(width_px, height_px, flags & 0x40, code_bits, colours, control.transparent, data)
        tile = Tile(
            *(x_px, y_px, width_px, height_px),
            decode=partial(_decoded, image),
            delay_ms=control.delay_ms,
            disposal=control.disposal,
            blends=True,
            may_have_alpha=control.transparent is not None,
        )
        append(tile, self.tiles)
        if not self.is_last_whole:
            raise _Cut

    def _skip_sub_blocks(self) -> bool:
        """Whether all sub-blocks are present; slicing each, of hundreds, would take most of the time."""
        data, at = self._data, self._at
        while at < len(data) and data[at]:
            at += data[at] + 1
        self._at = min(at + 1, len(data))
        return at < len(data)

    def _sub_blocks(self) -> Iterator[memoryview]:
        while length := self._take(1)[0]:
            yield self._take(length)

    def _table(self, flags: int) -> memoryview:
        return self._take(3 << (1 + (flags & 7)))

    def _take(self, length: int) -> memoryview:
        part = self._data[self._at : self._at + length]
        self._at = min(self._at + length, len(self._data))
        if len(part) < length:
            raise _Cut
        return part


def _closed(blocks: memoryview) -> memoryview:
    """Terminate truncated sub-blocks, with the last one's length corrected."""
    at = 0
    while at < len(blocks) and at + blocks[at] + 1 <= len(blocks):
        at += blocks[at] + 1
    rest = blocks[at + 1 :]
    return memoryview(bytes(blocks[:at]) + bytes([len(rest)]) + rest + b"\0")


def _control(block: memoryview) -> _Control:
    flags, delay_cs, transparent = struct.unpack_from("<BHB", block)
    return _Control(
        delay_ms=shown_ms(10 * delay_cs),
        disposal=_DISPOSALS.get(flags >> 2 & 7, Disposal.KEEP),
        transparent=transparent if flags & 1 else None,
    )


def _decoded(image: _Image) -> Image.Image:
    """Decode the image; if its data are damaged or truncated, the rest is transparent.

    Raises:
        ValueError: the data contain no pixel.
    """
    if image.code_bits not in _CODE_BITS:
        raise ValueError("invalid code size")
    indices, drawn = _indices(image)
    alphas = None if image.transparent is None else b"\xff" * image.transparent + b"\0"
    pixels = coloured(indices, image.colours, alphas)
    if not drawn.all():
        pixels = pixels.convert("RGBA")
        pixels.paste((0, 0, 0, 0), mask=Image.fromarray(~drawn))
    return pixels


def _indices(image: _Image) -> tuple[Pixels, NDArray[np.bool_]]:
    """The indices of the pixels, and which of them were decoded.

    Raises:
        ValueError: none was.
    """
    grey = _as_grey(image, image.width_px, image.height_px)
    if not grey[-1, -1, _ALPHA]:
        grey = _until_damage(image)
    if image.interlace:
        grey = grey[_places_of_rows(image.height_px)]
    return grey[..., 0], grey[..., _ALPHA] > 0


def _until_damage(image: _Image) -> Pixels:
    """Decode data up to the damage, in the shortest possible rows, since libavcodec draws only whole ones."""
    pixels = image.width_px * image.height_px
    rows = min(pixels, _MAX_ROWS)
    shown = _as_grey(image, -(-pixels // rows), rows).reshape(-1, 4)
    if not shown[..., _ALPHA].any():
        raise ValueError("it has no pixels")
    return np.resize(shown, (image.height_px, image.width_px, 4))


def _as_grey(image: _Image, width_px: int, height_px: int) -> Pixels:
    """The rows in stored order, decoded by libavcodec from a GIF with this single image in shades of grey."""
    sides = struct.pack("<2H", width_px, height_px)
    descriptor = b"," + bytes(4) + sides + _OF_256_COLOURS + _GREYS + bytes([image.code_bits])
    # without a global colour table, undrawn pixels are transparent
    gif = b"".join((b"GIF89a", sides, bytes(3), descriptor, image.data[:-1], _NO_CODE, b"\0;"))
    frame = decode("gif", gif, (width_px, height_px))
    return plane(frame, 0)[:, : 4 * width_px].reshape(height_px, width_px, 4)


def _places_of_rows(height_px: int) -> NDArray[np.intp]:
    """Where each row of an interlaced image is stored."""
    rows = np.arange(height_px)
    return np.argsort(np.concatenate([rows[0::8], rows[4::8], rows[2::4], rows[1::2]]))
