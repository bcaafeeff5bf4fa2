"""The blocks of a GIF89a file around its LZW data. Source: CompuServe, "GIF89a", 1990."""

from __future__ import annotations

import struct
from enum import IntEnum

from gifapp.conversion.dither import Rectangle
from gifapp.conversion.palette import Palette

TRAILER = b";"


class Disposal(IntEnum):
    """What happens to a frame's rectangle before the next frame is drawn."""

    KEEP = 1
    CLEAR = 2


def table_bits(palette: Palette) -> int:
    """log2 of the colour table's length, 1 to 8."""
    return max(1, (palette.size - 1).bit_length())


def header(width_px: int, height_px: int, palette: Palette, loop: int) -> bytes:
    """Signature, logical screen, global colour table, and how often to play.

    `loop` 0 plays for ever. 1 plays once: it is written as no block at all, which every viewer
    understands. From 2 on it is the number in the NETSCAPE2.0 block.
    """
    bits = table_bits(palette)
    screen = struct.pack("<6sHHBBB", b"GIF89a", width_px, height_px, 0xF0 | bits - 1, 0, 0)
    repeat = b"" if loop == 1 else b"!\xff\x0bNETSCAPE2.0" + struct.pack("<BBHB", 3, 1, loop, 0)
    return screen + _table(palette) + repeat


def image(
    data: bytes, where: Rectangle, palette: Palette, delay_cs: int, disposal: Disposal, *, is_global: bool
) -> bytes:
    """One frame: graphic control, descriptor, its own table unless the global one serves, data."""
    has_transparent = palette.transparent is not None
    control = struct.pack(
        "<BBBBHBB", 0x21, 0xF9, 4, disposal << 2 | has_transparent, delay_cs, palette.transparent or 0, 0
    )
    flags = 0 if is_global else 0x80 | table_bits(palette) - 1
    width, height = where.right - where.left, where.bottom - where.top
    descriptor = struct.pack("<BHHHHB", 0x2C, where.left, where.top, width, height, flags)
    return control + descriptor + (b"" if is_global else _table(palette)) + data


def _table(palette: Palette) -> bytes:
    return palette.colours.tobytes().ljust(3 << table_bits(palette), b"\0")
