"""Reads still and animated WebP files chunk by chunk.

Source: WebP Container Specification, developers.google.com/speed/webp/docs/riff_container.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from PIL import Image

from gifapp.conversion.images.colour import displayed
from gifapp.conversion.images.decoding import decode, in_rgb
from gifapp.conversion.images.tiles import Animation, Disposal, Tile, append, shown_ms

_HEADER_BYTES, _FRAME_BYTES = 12, 16
_IS_ANIMATED, _HAS_ALPHA = 0x02, 0x10  # flags of the file
_CLEARS, _REPLACES = 0x01, 0x02  # flags of a frame
_IMAGE = (b"ALPH", b"VP8 ", b"VP8L")
_LOSSLESS_ALPHA = 0x10  # in the fifth byte of a lossless picture


class _Chunk(NamedTuple):
    kind: bytes
    body: bytes | memoryview
    is_whole: bool = True

    def written(self) -> bytes:
        return self.kind + struct.pack("<I", len(self.body)) + self.body + b"\0" * (len(self.body) % 2)


def read(data: memoryview) -> Animation:
    """Read the frames of a WebP, or its only picture.

    Raises:
        ValueError: it contains none.
    """
    chunks = list(_chunks(data, _HEADER_BYTES))
    profile = [chunk for chunk in chunks if chunk.kind == b"ICCP"]
    if chunks and chunks[0].kind == b"VP8X" and chunks[0].body[0] & _IS_ANIMATED:
        is_cut_short = len(data) < 8 + struct.unpack_from("<I", data, 4)[0]
        return _animated(chunks, profile, is_cut_short=is_cut_short)
    image = [chunk for chunk in chunks if chunk.kind in _IMAGE]
    width_px, height_px = _size(image)
    decode = partial(_decoded, image, profile, width_px, height_px)
    tile = Tile(0, 0, width_px, height_px, decode, may_have_alpha=_has_alpha(image))
    return Animation(width_px, height_px, [tile])


def _animated(chunks: list[_Chunk], profile: list[_Chunk], *, is_cut_short: bool) -> Animation:
    width_px, height_px = _u24(chunks[0].body, 4) + 1, _u24(chunks[0].body, 7) + 1
    frames = [chunk for chunk in chunks if chunk.kind == b"ANMF" and len(chunk.body) > _FRAME_BYTES]
    tiles: list[Tile] = []
    for chunk in frames:
        if chunk.is_whole:
            append(_tile(chunk.body, profile), tiles)
    if not tiles:
        raise ValueError("it has no frame")
    plays = next((chunk.body[4:6] for chunk in chunks if chunk.kind == b"ANIM"), b"")
    return Animation(width_px, height_px, tiles, int.from_bytes(plays, "little"), is_cut_short)


def _tile(frame: bytes | memoryview, profile: list[_Chunk]) -> Tile:
    x_px, y_px = 2 * _u24(frame, 0), 2 * _u24(frame, 3)
    width_px, height_px, delay_ms = _u24(frame, 6) + 1, _u24(frame, 9) + 1, _u24(frame, 12)
    image = [chunk for chunk in _chunks(frame, _FRAME_BYTES) if chunk.kind in _IMAGE]
    return Tile(
        *(x_px, y_px, width_px, height_px),
        decode=partial(_decoded, image, profile, width_px, height_px),
        delay_ms=shown_ms(delay_ms),
        disposal=Disposal.CLEAR if frame[15] & _CLEARS else Disposal.KEEP,
        blends=not frame[15] & _REPLACES,
        may_have_alpha=_has_alpha(image),
    )


def _chunks(data: bytes | memoryview, at: int) -> Iterator[_Chunk]:
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        body = data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
        yield _Chunk(kind, body, len(body) == length)


def _u24(data: bytes | memoryview, at: int) -> int:
    return int.from_bytes(data[at : at + 3], "little")


def _size(image: list[_Chunk]) -> tuple[int, int]:
    """Width and height from the bitstream's own header.

    Source: RFC 6386, section 9.1; RFC 9649, section 3.4.
    """
    for kind, body, _ in image:
        if kind == b"VP8L":
            (sides,) = struct.unpack_from("<I", body, 1)
            return (sides & 0x3FFF) + 1, (sides >> 14 & 0x3FFF) + 1
        if kind == b"VP8 ":
            width, height = struct.unpack_from("<2H", body, 6)
            if width & 0x3FFF and height & 0x3FFF:
                return width & 0x3FFF, height & 0x3FFF
    raise ValueError("it has no picture")


def _has_alpha(image: list[_Chunk]) -> bool:
    return any(
        chunk.kind == b"ALPH"
        or (chunk.kind == b"VP8L" and len(chunk.body) > 4 and bool(chunk.body[4] & _LOSSLESS_ALPHA))
        for chunk in image
    )


def _decoded(image: list[_Chunk], profile: list[_Chunk], width_px: int, height_px: int) -> Image.Image:
    """Decode the picture with libavcodec, wrapped in a WebP of its own."""
    flags = _HAS_ALPHA if _has_alpha(image) else 0
    sides = (width_px - 1).to_bytes(3, "little") + (height_px - 1).to_bytes(3, "little")
    header = _Chunk(b"VP8X", bytes((flags, 0, 0, 0)) + sides)
    body = b"WEBP" + b"".join(chunk.written() for chunk in (header, *image))
    frame = decode("webp", _Chunk(b"RIFF", body).written(), (width_px, height_px))
    return displayed(in_rgb(frame, has_alpha=bool(flags)), bytes(profile[0].body) if profile else None)
