"""Writes GIF89a blocks around the LZW data. Source: CompuServe, "GIF89a", 1990."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from gifapp.conversion.gif import lzw
from gifapp.conversion.gif.canvas import Rectangle
from gifapp.conversion.gif.frame_differ import Disposal, IndexedFrame
from gifapp.conversion.gif.quantizer import Palette
from gifapp.domain.timing import split_delay

TRAILER = b";"


class GifFile:
    """Builds a file block by block and counts its contents; used by one thread at a time.

    A frame with another palette than the global one carries its own.

    Attributes:
        palette: the global one; the first frame's unless it is set before.
    """

    def __init__(self, width_px: int, height_px: int, loop: int) -> None:
        self.frames = self.bytes = self.colours = 0
        self._size = width_px, height_px
        self._loop = loop
        self.palette: Palette | None = None
        self._has_header = False

    def block(self, drawn: IndexedFrame) -> bytes:
        """A frame's bytes, preceded by the file header for the first frame."""
        head = b""
        if not self._has_header:
            self.palette = self.palette or drawn.palette
            head = header(*self._size, self.palette, self._loop)
            self._has_header = True
        return self._counted(head + b"".join(self._images(drawn)))

    def end(self) -> bytes:
        """The bytes after the last frame."""
        return self._counted(TRAILER)

    def _images(self, drawn: IndexedFrame) -> Iterator[bytes]:
        palette, numbers = drawn.palette, lzw.AS_THEY_ARE
        is_global = palette is self.palette
        if not is_global:
            palette, numbers = palette.without_unused(lzw.used(drawn.codes))
        self.colours = max(self.colours, palette.size)
        data = lzw.packed(drawn.codes, palette.table_bits, numbers)
        *repeats, last = split_delay(drawn.delay_cs)
        for delay_cs, disposal in [*((delay, Disposal.KEEP) for delay in repeats), (last, drawn.disposal)]:
            self.frames += 1
            yield image(data, drawn.where, palette, delay_cs, disposal, is_global=is_global)

    def _counted(self, written: bytes) -> bytes:
        self.bytes += len(written)
        return written


def header(width_px: int, height_px: int, palette: Palette, loop: int) -> bytes:
    """Signature, logical screen descriptor, global colour table and loop count.

    `loop` is how many times it plays, 0 for ever. The NETSCAPE2.0 block counts the repeats after the first
    play (as browsers read it), so a GIF that plays once has no such block.
    """
    bits = palette.table_bits
    screen = struct.pack("<6sHHBBB", b"GIF89a", width_px, height_px, 0xF0 | bits - 1, 0, 0)
    repeats = max(0, loop - 1)
    repeat = b"" if loop == 1 else b"!\xff\x0bNETSCAPE2.0" + struct.pack("<BBHB", 3, 1, repeats, 0)
    return screen + _table(palette) + repeat


def image(
    data: bytes, where: Rectangle, palette: Palette, delay_cs: int, disposal: Disposal, *, is_global: bool
) -> bytes:
    """One frame: graphic control, descriptor, local colour table (unless it uses the global one), data."""
    has_transparent = palette.transparent is not None
    control = struct.pack(
        "<BBBBHBB", 0x21, 0xF9, 4, disposal << 2 | has_transparent, delay_cs, palette.transparent or 0, 0
    )
    flags = 0 if is_global else 0x80 | palette.table_bits - 1
    width, height = where.right - where.left, where.bottom - where.top
    descriptor = struct.pack("<BHHHHB", 0x2C, where.left, where.top, width, height, flags)
    return control + descriptor + (b"" if is_global else _table(palette)) + data


def _table(palette: Palette) -> bytes:
    return palette.colours.tobytes().ljust(3 << palette.table_bits, b"\0")
