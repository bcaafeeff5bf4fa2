"""Picture files written byte by byte, so that they can be as odd as untrusted files."""

from __future__ import annotations

import io
import itertools
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

KEEP, CLEAR, RESTORE = 1, 2, 3  # disposals, as GIF numbers them
PLAIN_PALETTE = bytes((0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255))
BLACK, RED, GREEN, BLUE = range(4)
RGBA = {
    "K": (0, 0, 0, 255),
    "R": (255, 0, 0, 255),
    "G": (0, 255, 0, 255),
    "B": (0, 0, 255, 255),
    ".": (0,) * 4,
}


# ---- GIF


@dataclass(frozen=True)
class GifFrame:
    """An image of a GIF: `indices` of height x width; a graphic control block unless `delay_cs` is None."""

    indices: np.ndarray
    x_px: int = 0
    y_px: int = 0
    delay_cs: int | None = 50
    disposal: int = KEEP
    transparent: int | None = None
    palette: bytes = b""
    interlaced: bool = False
    code_bits: int = 2


def patch(colour: int, x_px: int, y_px: int, width_px: int, height_px: int, **more: Any) -> GifFrame:
    """A rectangle of one colour."""
    return GifFrame(np.full((height_px, width_px), colour), x_px, y_px, **more)


def full(colour: int, delay_cs: int | None = 50, **more: Any) -> GifFrame:
    """A rectangle that covers a screen of 4 x 4 px."""
    return patch(colour, 0, 0, 4, 4, delay_cs=delay_cs, **more)


def gif(
    *parts: GifFrame | bytes,
    size: tuple[int, int] = (4, 4),
    palette: bytes = PLAIN_PALETTE,
    background: int = 0,
    aspect: int = 0,
    end: bytes = b";",
) -> bytes:
    """A GIF of frames and raw blocks."""
    flags = 0x80 | _table_bits(palette) if palette else 0x71
    screen = struct.pack("<HHBBB", *size, flags, background, aspect)
    blocks = [part if isinstance(part, bytes) else gif_frame(part) for part in parts]
    return b"GIF89a" + screen + palette + b"".join(blocks) + end


def plays(repeats: int, name: bytes = b"NETSCAPE2.0") -> bytes:
    """The block with the number of plays, 0 forever."""
    return b"!\xff\x0b" + name + b"\x03\x01" + struct.pack("<H", repeats) + b"\0"


def control(frame: GifFrame) -> bytes:
    """A graphic control block."""
    flags = frame.disposal << 2 | (frame.transparent is not None)
    return struct.pack("<2sBBHBB", b"!\xf9", 4, flags, frame.delay_cs or 0, frame.transparent or 0, 0)


def gif_frame(frame: GifFrame) -> bytes:
    """The blocks of an image."""
    height_px, width_px = frame.indices.shape
    flags = 0x40 * frame.interlaced | (0x80 | _table_bits(frame.palette) if frame.palette else 0)
    descriptor = struct.pack("<s4HB", b",", frame.x_px, frame.y_px, width_px, height_px, flags)
    data = sub_blocks(lzw(stored_order(frame).ravel().tolist(), frame.code_bits))
    blocks = descriptor + frame.palette + bytes([frame.code_bits]) + data
    return (control(frame) if frame.delay_cs is not None else b"") + blocks


def stored_order(frame: GifFrame) -> np.ndarray:
    """The rows in the order of the file."""
    if not frame.interlaced:
        return frame.indices
    rows = np.arange(frame.indices.shape[0])
    order = np.concatenate([rows[0::8], rows[4::8], rows[2::4], rows[1::2]])
    return np.take(frame.indices, order, axis=0)


def lzw(pixels: Sequence[int], code_bits: int, *, ends: bool = True) -> bytes:
    """Codes for single pixels; a clear code comes before they would grow, except for one-bit pixels.

    There the first code after a clear fills the table, so the next clear or end code is one bit wider.
    """
    clear, run, width = 1 << code_bits, max(1, (1 << code_bits) - 2), code_bits + 1
    grown = width + (code_bits == 1)
    codes = [(clear, width)]
    for at in range(0, len(pixels), run):
        codes += [(pixel, width) for pixel in pixels[at : at + run]] + [(clear, grown)]
    codes[-1:] = [(clear + 1, grown)] if ends else []
    packed = "".join(f"{code:0{bits}b}" for code, bits in reversed(codes))
    return int(packed, 2).to_bytes((len(packed) + 7) // 8, "little")


def sub_blocks(data: bytes) -> bytes:
    """The data in blocks of at most 255 bytes, with the empty final one."""
    blocks = (data[at : at + 255] for at in range(0, len(data), 255))
    return b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"


def _table_bits(palette: bytes) -> int:
    return (len(palette) // 3).bit_length() - 2


# ---- PNG


@dataclass(frozen=True)
class PngFrame:
    """A frame of an APNG; `rgba` of height x width x 4, disposal as APNG numbers it."""

    rgba: np.ndarray
    x_px: int = 0
    y_px: int = 0
    delay: tuple[int, int] = (1, 2)
    disposal: int = 0
    blends: bool = False


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(
    samples: np.ndarray,
    colour_type: int,
    bits: int = 8,
    extra: bytes = b"",
    *,
    size: tuple[int, int] | None = None,
) -> bytes:
    """A still PNG of packed rows of samples."""
    height_px, width_px = samples.shape[:2]
    header = struct.pack(">2I5B", *(size or (width_px, height_px)), bits, colour_type, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(_rows(samples, bits)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + body + chunk(b"IEND", b"")


def apng(*frames: PngFrame, size: tuple[int, int] = (4, 4), bits: int = 8, number_of_plays: int = 0) -> bytes:
    """An APNG whose size is that of its first frame."""
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        apng_chunks(*frames, size=size, bits=bits, number_of_plays=number_of_plays)
    )


def apng_chunks(
    *frames: PngFrame,
    size: tuple[int, int] = (4, 4),
    bits: int = 8,
    number_of_plays: int = 0,
    hidden: np.ndarray | None = None,
) -> list[bytes]:
    """The chunks of an APNG: header, animation, frames and end; a `hidden` default image comes first."""
    numbers = itertools.count()
    chunks = [chunk(b"IHDR", struct.pack(">2I5B", *size, bits, 6, 0, 0, 0))]
    chunks.append(chunk(b"acTL", struct.pack(">2I", len(frames), number_of_plays)))
    if hidden is not None:
        chunks.append(chunk(b"IDAT", zlib.compress(_rows(hidden, bits))))
    for place, frame in enumerate(frames):
        chunks.append(frame_control(frame, next(numbers)))
        data = zlib.compress(_rows(frame.rgba, bits))
        is_first = place == 0 and hidden is None
        chunks.append(
            chunk(b"IDAT", data) if is_first else chunk(b"fdAT", struct.pack(">I", next(numbers)) + data)
        )
    return [*chunks, chunk(b"IEND", b"")]


def frame_control(frame: PngFrame, number: int) -> bytes:
    """The frame control chunk."""
    height_px, width_px = frame.rgba.shape[:2]
    places = (number, width_px, height_px, frame.x_px, frame.y_px)
    return chunk(b"fcTL", struct.pack(">5I2H2B", *places, *frame.delay, frame.disposal, frame.blends))


def _rows(samples: np.ndarray, bits: int) -> bytes:
    if bits == 16:
        samples = samples.astype(">u2") * 257
    return b"".join(b"\0" + row.tobytes() for row in samples)


# ---- WebP


@dataclass(frozen=True)
class WebpFrame:
    """A frame of an animated WebP; its offsets are even."""

    rgba: np.ndarray
    x_px: int = 0
    y_px: int = 0
    delay_ms: int = 500
    clears: bool = False
    replaces: bool = False


def webp(
    *frames: WebpFrame, size: tuple[int, int] = (4, 4), number_of_plays: int = 0, flags: int = 0x12
) -> bytes:
    """A lossless animated WebP."""
    chunks = [riff(b"VP8X", bytes((flags, 0, 0, 0)) + _u24(size[0] - 1) + _u24(size[1] - 1))]
    chunks.append(riff(b"ANIM", bytes(4) + struct.pack("<H", number_of_plays)))
    chunks += [riff(b"ANMF", _webp_frame(frame)) for frame in frames]
    return riff(b"RIFF", b"WEBP" + b"".join(chunks))


def riff(kind: bytes, body: bytes) -> bytes:
    """A chunk of a WebP."""
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _webp_frame(frame: WebpFrame) -> bytes:
    still = saved(Image.fromarray(frame.rgba), "WEBP", lossless=True, exact=True)
    images = [body for body in _riff_chunks(still) if body[:4] in (b"ALPH", b"VP8 ", b"VP8L")]
    height_px, width_px = frame.rgba.shape[:2]
    numbers = (frame.x_px // 2, frame.y_px // 2, width_px - 1, height_px - 1, frame.delay_ms)
    flags = bytes([frame.clears | frame.replaces << 1])
    return b"".join(map(_u24, numbers)) + flags + b"".join(images)


def _riff_chunks(data: bytes) -> list[bytes]:
    chunks, at = [], 12
    while at < len(data):
        length = struct.unpack_from("<I", data, at + 4)[0]
        chunks.append(data[at : at + 8 + length + length % 2])
        at += len(chunks[-1])
    return chunks


def _u24(number: int) -> bytes:
    return number.to_bytes(3, "little")


# ---- all formats


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    """The file that Pillow writes for it."""
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


def letters(*rows: str) -> np.ndarray:
    """RGBA pixels from letters, height x width x 4."""
    return np.array([[RGBA[letter] for letter in row] for row in rows], np.uint8)
