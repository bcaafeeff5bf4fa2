"""Sets the last frame's delay in WebP and APNG files, which ffmpeg only guesses."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from gifapp.conversion.encoders.frame_sizes import FrameSize


class _Chunk(NamedTuple):
    name: bytes
    at: int  # offset of its content in the file
    bytes: int


def set_webp_last_delay(path: Path, total_cs: int) -> int:
    """Set the last delay so that the file plays for `total_cs`; returns the number of frames.

    libwebp merges equal frames. A single frame is stored as a still picture, which has no delay.
    """
    with path.open("r+b") as file:
        frames = [chunk.at for chunk in _riff_chunks(file) if chunk.name == b"ANMF"]
        shown_ms = sum(_read(file, at + 12, 3, "little") for at in frames[:-1])
        if frames:
            _write(file, frames[-1] + 12, (total_cs * 10 - shown_ms).to_bytes(3, "little"))
    return max(1, len(frames))


def webp_frame_sizes(path: Path) -> list[FrameSize]:
    """The bytes of each frame; a still picture is one frame."""
    sizes, shown_ms = [], 0
    with path.open("rb") as file:
        for chunk in _riff_chunks(file):
            if chunk.name in (b"ANMF", b"VP8 ", b"VP8L"):
                sizes.append(FrameSize(shown_ms // 10, chunk.bytes))
                shown_ms += _read(file, chunk.at + 12, 3, "little")
    return sizes


def set_apng_last_delay(path: Path, total_cs: int) -> None:
    """Set the last delay so that the file plays for `total_cs`; a single frame, a still, has no delay."""
    with path.open("r+b") as file:
        frames = [chunk for chunk in _png_chunks(file) if chunk.name == b"fcTL"]
        shown_cs = sum(_apng_delay_cs(file, chunk) for chunk in frames[:-1])
        if frames:
            last = frames[-1]
            _write(file, last.at + 20, struct.pack(">HH", total_cs - shown_cs, 100))
            file.seek(last.at)
            _write(file, last.at + last.bytes, zlib.crc32(b"fcTL" + file.read(last.bytes)).to_bytes(4, "big"))


def _apng_delay_cs(file: BinaryIO, chunk: _Chunk) -> int:
    seconds, parts = _read(file, chunk.at + 20, 2, "big"), _read(file, chunk.at + 22, 2, "big")
    return round(100 * seconds / parts)


def _riff_chunks(file: BinaryIO) -> Iterator[_Chunk]:
    at = 12
    while len(head := _read_at(file, at, 8)) == 8:
        name, count = struct.unpack("<4sI", head)
        yield _Chunk(name, at + 8, count)
        at += 8 + count + count % 2


def _png_chunks(file: BinaryIO) -> Iterator[_Chunk]:
    at = 8
    while len(head := _read_at(file, at, 8)) == 8:
        count, name = struct.unpack(">I4s", head)
        yield _Chunk(name, at + 8, count)
        at += 12 + count


def _read_at(file: BinaryIO, at: int, count: int) -> bytes:
    file.seek(at)
    return file.read(count)


def _read(file: BinaryIO, at: int, count: int, order: str) -> int:
    return int.from_bytes(_read_at(file, at, count), order)  # type: ignore[arg-type]


def _write(file: BinaryIO, at: int, data: bytes) -> None:
    file.seek(at)
    file.write(data)
