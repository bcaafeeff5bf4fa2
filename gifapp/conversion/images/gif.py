"""GIF files as their blocks say, as lenient as browsers.

Source: GIF89a specification, w3.org/Graphics/GIF/spec-gif89a.txt; where it is silent, what Chromium shows.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from PIL import Image, ImageChops

from gifapp.conversion.images.tiles import (
    Animation,
    Disposal,
    Tile,
    append,
    shown_ms,
    tolerating_damage,
)

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_CONTROL, _APPLICATION = 0xF9, 0xFF
_CODE_BITS = range(1, 9)
_UNDRAWN = 255  # an index that few images use
_REPEATS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
# 4 is what some old encoders write for "restore to previous"; the rest keeps
_DISPOSALS = {2: Disposal.CLEAR, 3: Disposal.RESTORE, 4: Disposal.RESTORE}


@dataclass(frozen=True)
class _Control:
    """A graphic control block: what holds for the next image."""

    delay_ms: float = shown_ms(0)
    disposal: Disposal = Disposal.KEEP
    transparent: int | None = None


@dataclass(frozen=True)
class _Image:
    """An image as it is stored; `data` has its LZW codes in sub-blocks."""

    width_px: int
    height_px: int
    interlace: int
    code_bits: int
    colours: bytes | memoryview
    transparent: int | None
    data: memoryview


class _Cut(ValueError):
    """The file ends here."""


def read(data: memoryview) -> Animation:
    """The images of a GIF; what follows the last one changes nothing.

    Raises:
        ValueError: there is none.
    """
    parser = _Parser(data)
    parser.walk()
    tiles = parser.tiles
    if parser.is_cut_short and len(tiles) > 1 and not parser.is_last_whole:
        tiles.pop()
    if not tiles:
        raise ValueError("no image in it")
    # the first image may widen the screen, later ones are clipped
    _, _, right, bottom = tiles[0].box
    width_px, height_px = max(parser.width_px, right), max(parser.height_px, bottom)
    if not width_px or not height_px:
        raise ValueError("no pixel in it")
    return Animation(width_px, height_px, tiles, parser.plays, parser.is_cut_short)


class _Parser:
    """One walk from block to block."""

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
        """Whether they are all there."""
        try:
            for _ in self._sub_blocks():
                pass
        except _Cut:
            return False
        return True

    def _sub_blocks(self) -> Iterator[memoryview]:
        while length := self._take(1)[0]:
            yield self._take(length)

    def _table(self, flags: int) -> memoryview:
        return self._take(3 << (1 + (flags & 7)))

    def _take(self, length: int) -> memoryview:
        taken = self._data[self._at : self._at + length]
        self._at = min(self._at + length, len(self._data))
        if len(taken) < length:
            raise _Cut
        return taken


def _closed(blocks: memoryview) -> memoryview:
    """Sub-blocks that the end of the file cuts off, the last one made as long as it is."""
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
    """The image's pixels; where its data are damaged or end early, the rest is transparent.

    Raises:
        ValueError: there is no pixel in the data.
    """
    if image.code_bits not in _CODE_BITS:
        raise ValueError("no such code size")
    if image.transparent is not None:
        return _coloured(_indices(image, image.transparent), image)
    indices = _indices(image, _UNDRAWN)
    if indices.getpixel(_last_pixel(image)) != _UNDRAWN:
        return _coloured(indices, image)
    drawn = ImageChops.difference(indices, _indices(image, 0)).point(lambda value: 0 if value else 255)
    if not drawn.getbbox():
        raise ValueError("no pixel in it")
    pixels = _coloured(indices, image)
    pixels.putalpha(drawn)
    return pixels


def _last_pixel(image: _Image) -> tuple[int, int]:
    """The one that is drawn last; of interlaced images the odd rows come last."""
    last_row = image.height_px - 1
    is_even = image.interlace and last_row and last_row % 2 == 0
    return image.width_px - 1, last_row - 1 if is_even else last_row


def _indices(image: _Image, undrawn: int) -> Image.Image:
    """The pixels as indices, by Pillow, as the only image of a GIF; `undrawn` where there are none."""
    sides = struct.pack("<2H", image.width_px, image.height_px)
    control = struct.pack("<2sBBHBB", b"!\xf9", 4, 1, 0, undrawn, 0)
    descriptor = b"," + bytes(4) + sides + bytes((image.interlace, image.code_bits))
    gif = b"".join((b"GIF89a", sides, bytes(3), control, descriptor, image.data))
    with tolerating_damage(), Image.open(io.BytesIO(gif), formats=("GIF",)) as opened:
        opened.load()
        indices: Image.Image = opened.copy()
    indices.info.clear()  # of that GIF
    return indices


def _coloured(indices: Image.Image, image: _Image) -> Image.Image:
    """Indices beyond the colour table are black, as browsers show them."""
    colours = bytes(image.colours).ljust(768, b"\0")
    palette = bytearray(b"".join(colours[at : at + 3] + b"\xff" for at in range(0, 768, 3)))
    if image.transparent is not None:
        palette[4 * image.transparent + 3] = 0
    indices.putpalette(palette, "RGBA")
    return indices.convert("RGBA")
