"""Decompresses a PNG's data to its samples.

zlib inflates only as many rows as the header declares; libavcodec receives whole rows, wrapped in a minimal
PNG, and reverses their filters.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gifapp.conversion.images.decoding import Pixels, decode, plane
from gifapp.conversion.images.signatures import PNG

_BAND_BYTES, _PART_BYTES = 4_000_000, 65_536  # sizes of a band of rows, and of a part of compressed data
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
# by bytes per pixel, the only thing filters depend on: any colour type and depth of that size
_TYPES = {1: (0, 8), 2: (4, 8), 3: (2, 8), 4: (6, 8), 6: (2, 16), 8: (6, 16)}
_WHOLE = ((0, 0, 1, 1),)
# x, y and steps of the seven passes of an interlaced picture
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_FILTERS = 5


class Header(NamedTuple):
    """The IHDR chunk."""

    width_px: int
    height_px: int
    bits: int
    colour_type: int
    compression: int
    filtering: int
    interlace: int

    @property
    def channels(self) -> int:
        return _CHANNELS[self.colour_type]

    @property
    def pixel_bits(self) -> int:
        return self.channels * self.bits


def header_of(body: bytes | memoryview) -> Header:
    """Parse an IHDR chunk.

    Raises:
        ValueError: its values are invalid.
    """
    header = Header(*struct.unpack(">2I5B", body))
    if header.bits not in _DEPTHS.get(header.colour_type, ()) or not header.width_px * header.height_px:
        raise ValueError("invalid bit depth, colour type or size")
    if header.compression or header.filtering or header.interlace > 1:
        raise ValueError("invalid compression, filter or interlace method")
    return header


def chunk_bytes(kind: bytes, body: bytes | memoryview) -> bytes:
    """A chunk as bytes, with its length and checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))


def samples(header: Header, parts: Iterable[bytes | memoryview]) -> NDArray[np.uint8 | np.uint16]:
    """The samples (height, width, channels) with the file's values: uint16 if it has 16 bits, else uint8.

    Raises:
        ValueError, zlib.error: the data are damaged or truncated.
    """
    kind = np.uint16 if header.bits == 16 else np.uint8
    picture = np.empty((header.height_px, header.width_px, header.channels), kind)
    inflated = _Inflated(parts)
    for x, y, step_x, step_y in _ADAM7 if header.interlace else _WHOLE:
        place = picture[y::step_y, x::step_x]
        if place.size:
            _fill(place, header, inflated)
    return picture


def _fill(place: NDArray[np.uint8 | np.uint16], header: Header, inflated: _Inflated) -> None:
    height_px, width_px, _ = place.shape
    row_bytes = (width_px * header.pixel_bits + 7) // 8
    top, last = 0, np.empty((0, row_bytes), np.uint8)
    for filtered in _bands(inflated, height_px, row_bytes + 1):
        rows = _unfiltered(filtered, last, max(1, header.pixel_bits // 8))
        place[top : top + len(rows)] = _unpacked(rows, header, width_px)
        top, last = top + len(rows), rows[-1:]


def _bands(inflated: _Inflated, rows: int, row_bytes: int) -> Iterator[Pixels]:
    """All rows in bands, each row preceded by its filter type."""
    max_rows = max(1, _BAND_BYTES // row_bytes)
    for top in range(0, rows, max_rows):
        count = min(max_rows, rows - top)
        yield np.frombuffer(inflated.take(count * row_bytes), np.uint8).reshape(count, row_bytes)


def _unfiltered(filtered: Pixels, last: Pixels, pixel_bytes: int) -> Pixels:
    """Reverse the filters of rows; the first may depend on `last`, the row before it."""
    if filtered[:, 0].max() >= _FILTERS:
        raise ValueError("invalid filter type")
    rows = np.concatenate([np.pad(last, ((0, 0), (1, 0))), filtered])
    width_px = (rows.shape[1] - 1) // pixel_bytes
    colour_type, bits = _TYPES[pixel_bytes]
    header = struct.pack(">2I5B", width_px, len(rows), bits, colour_type, 0, 0, 0)
    data = zlib.compress(rows.data, 0)
    png = PNG + chunk_bytes(b"IHDR", header) + chunk_bytes(b"IDAT", data) + chunk_bytes(b"IEND", b"")
    whole = plane(decode("png", png, (width_px, len(rows))), 0)
    return whole[len(last) :, : filtered.shape[1] - 1]


def _unpacked(rows: Pixels, header: Header, width_px: int) -> NDArray[np.uint8 | np.uint16]:
    if header.bits == 16:
        wide: NDArray[np.uint16] = np.ascontiguousarray(rows).view(">u2")
        return wide.reshape(len(rows), width_px, header.channels)
    if header.bits == 8:
        return rows.reshape(len(rows), width_px, header.channels)
    each = 8 // header.bits
    shifts = np.arange(each - 1, -1, -1, dtype=np.uint8) * np.uint8(header.bits)
    values = rows[..., np.newaxis] >> shifts & np.uint8(2**header.bits - 1)
    return values.reshape(len(rows), -1, 1)[:, :width_px]


class _Inflated:
    """Inflates the parts, as much at a time as requested."""

    def __init__(self, parts: Iterable[bytes | memoryview]) -> None:
        # small parts, since zlib copies the unused rest of each
        self._parts = (
            part[at : at + _PART_BYTES] for part in parts for at in range(0, len(part), _PART_BYTES)
        )
        self._zlib = zlib.decompressobj()
        self._rest: bytes | memoryview = b""

    def take(self, length: int) -> bytes:
        """The next `length` bytes.

        Raises:
            ValueError: there are fewer; zlib.error: they are damaged.
        """
        data = bytearray()
        while len(data) < length:
            data += self._zlib.decompress(self._rest, length - len(data))
            self._rest = self._zlib.unconsumed_tail
            if len(data) < length and not self._rest:
                self._rest = next(self._parts, b"")
                if not self._rest:
                    raise ValueError("it is truncated")
        return bytes(data)
