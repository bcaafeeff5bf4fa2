"""The times of an animated WebP, which are in its chunks: Pillow tells them only of decoded frames.

Source: WebP Container Specification, developers.google.com/speed/webp/docs/riff_container.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import IO

FASTEST_MS = 10  # what is not longer than this
SLOWED_MS = 100  # browsers show for so long, as they do with GIFs


def delays_ms(file: IO[bytes]) -> list[int]:
    """How long each frame shows; empty for a still picture and for what is no WebP."""
    if file.read(12)[8:] != b"WEBP":
        return []
    delays = (int.from_bytes(frame[12:15], "little") for frame in _chunks(file, b"ANMF"))
    return [delay if delay > FASTEST_MS else SLOWED_MS for delay in delays]


def _chunks(file: IO[bytes], wanted: bytes) -> Iterator[bytes]:
    """The beginnings of the chunks of one kind."""
    while len(head := file.read(8)) == 8:
        kind, length = struct.unpack("<4sI", head)
        start = file.read(min(length, 16))
        if kind == wanted and len(start) == 16:
            yield start
        file.seek(length - len(start) + length % 2, os.SEEK_CUR)
