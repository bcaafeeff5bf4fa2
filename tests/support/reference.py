"""A GIF decoder in plain Python, written from the specification: slow, strict, independent of the engine.

Source: CompuServe, "GIF89a", 1990, with appendix F for LZW.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

MAX_CODES = 4096


class Unpacked(NamedTuple):
    """Decoded LZW data, and the number of pixels before each clear code."""

    pixels: list[int]
    clears: list[int]


class Image(NamedTuple):
    """One image of a GIF as stored: indices (height, width) into a table (n, 3)."""

    left: int
    top: int
    indices: np.ndarray
    table: np.ndarray
    transparent: int | None
    delay_cs: int
    disposal: int

    @property
    def is_drawn(self) -> np.ndarray:
        """Which of its pixels are drawn."""
        return np.asarray(self.indices != (-1 if self.transparent is None else self.transparent))

    @property
    def where(self) -> tuple[slice, slice]:
        height, width = self.indices.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)


class Gif(NamedTuple):
    width_px: int
    height_px: int
    loop: int | None
    images: list[Image]


def unpacked(data: bytes) -> Unpacked:
    """Decode LZW image data: the minimum code size, sub-blocks, and the empty final one."""
    bits, stream = data[0], _payload(data, 1)[0]
    clear, end = 1 << bits, (1 << bits) + 1
    table: list[list[int]] = []
    pixels: list[int] = []
    clears: list[int] = []
    before: list[int] = []
    size, at_bit = bits + 1, 0
    while True:
        code = _bits(stream, at_bit, size)
        at_bit += size
        assert clears or code == clear, "it begins with a clear code"
        if code == clear:
            clears.append(len(pixels))
            table, size, before = [[colour] for colour in range(clear)] + [[], []], bits + 1, []
            continue
        if code == end:
            assert len(stream) == (at_bit + 7) // 8, "nothing comes after the end code"
            return Unpacked(pixels, clears)
        assert code < len(table) or (before and code == len(table) < MAX_CODES), "a code is known"
        run = table[code] if code < len(table) else [*before, before[0]]
        if before and len(table) < MAX_CODES:
            table.append([*before, run[0]])
        pixels += run
        before = run
        size += len(table) == 1 << size and size < 12


def _bits(stream: bytes, at_bit: int, size: int) -> int:
    first = at_bit >> 3
    return int.from_bytes(stream[first : first + 3], "little") >> (at_bit & 7) & (1 << size) - 1


def _payload(data: bytes, at: int) -> tuple[bytes, int]:
    """The content of the sub-blocks from `at` on, and their end."""
    content = b""
    while length := data[at]:
        content += data[at + 1 : at + 1 + length]
        at += 1 + length
    return content, at + 1


def parsed(data: bytes) -> Gif:
    """Parse the whole file; raises AssertionError for anything out of order."""
    assert data[:6] == b"GIF89a"
    width, height = _number(data, 6), _number(data, 8)
    shared, at = _table(data, 13, data[10])
    loop, control = None, None
    images: list[Image] = []
    while data[at] != 0x3B:
        kind = data[at : at + 2]
        if kind == b"!\xff":
            assert data[at + 2 : at + 14] == b"\x0bNETSCAPE2.0"
            content, at = _payload(data, at + 14)
            loop = _number(content, 1)
        elif kind == b"!\xf9":
            content, at = _payload(data, at + 2)
            control = content
        else:
            assert kind[:1] == b","
            assert control is not None
            image, at = _image(data, at, control, shared)
            _assert_inside(image, width, height)
            images.append(image)
            control = None
    assert at == len(data) - 1
    return Gif(width, height, loop, images)


def _image(data: bytes, at: int, control: bytes, shared: np.ndarray) -> tuple[Image, int]:
    left, top, width, height = (_number(data, at + place) for place in (1, 3, 5, 7))
    own, begin = _table(data, at + 10, data[at + 9])
    _, end = _payload(data, begin + 1)
    pixels = unpacked(data[begin:end]).pixels
    assert len(pixels) == width * height, "as many pixels as the rectangle has"
    table = own if len(own) else shared
    indices = np.array(pixels, np.int64).reshape(height, width)
    transparent = control[3] if control[0] & 1 else None
    image = Image(left, top, indices, table, transparent, _number(control, 1), control[0] >> 2 & 7)
    return image, end


def _assert_inside(image: Image, width: int, height: int) -> None:
    rows, columns = image.where
    assert 0 <= rows.start < rows.stop <= height
    assert 0 <= columns.start < columns.stop <= width
    assert image.indices.max() < len(image.table)


def _table(data: bytes, at: int, flags: int) -> tuple[np.ndarray, int]:
    if not flags & 0x80:
        return np.zeros((0, 3), np.uint8), at
    end = at + (3 << (flags & 7) + 1)
    return np.frombuffer(data[at:end], np.uint8).reshape(-1, 3), end


def _number(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "little")


def shown(gif: Gif) -> Iterator[np.ndarray]:
    """The visible canvas at each image: uint8 (height, width, 4), transparent pixels all zero."""
    canvas = np.zeros((gif.height_px, gif.width_px, 4), np.uint8)
    for image in gif.images:
        part = canvas[image.where]
        part[image.is_drawn, :3] = image.table[image.indices[image.is_drawn]]
        part[image.is_drawn, 3] = 255
        yield canvas.copy()
        assert image.disposal in (0, 1, 2)
        if image.disposal == 2:
            part[:] = 0
