"""Parses the boxes of ISO base media files.

Source: ISO/IEC 14496-12, section 4.2.
"""

from __future__ import annotations

from collections.abc import Iterator

from gifapp.conversion.images.tiles import MAX_TILES


def path(data: memoryview, *kinds: bytes) -> memoryview:
    """The body of the first box on the path; empty if there is none."""
    for kind in kinds:
        data = next(boxes(data, kind), data[:0])
    return data


def boxes(data: memoryview, box_type: bytes) -> Iterator[memoryview]:
    """The bodies of the boxes of one kind."""
    return (body for kind, body in named(data) if kind == box_type)


def named(data: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """The kind and the body of each box."""
    at = 0
    while at + 8 <= len(data):
        length, head = _length(data, at)
        end = at + length if length else len(data)
        if end < at + head:
            return
        yield bytes(data[at + 4 : at + 8]), data[at + head : end]
        at = end


def number(box: memoryview, at: int, *, is_long: bool = False) -> int:
    """An unsigned number of 4 bytes, or 8 if `is_long`."""
    return int.from_bytes(box[at : at + (8 if is_long else 4)], "big")


def numbers(box: memoryview, at: int, *, each: int = 4) -> list[int]:
    """The numbers of a table, `each` bytes long and preceded by their count; at most `MAX_TILES` + 1."""
    count = min(number(box, at), len(box) // each, MAX_TILES + 1)
    places = range(at + 4, at + 4 + count * each, each)
    return [int.from_bytes(box[place : place + each], "big") for place in places]


def _length(data: memoryview, at: int) -> tuple[int, int]:
    """The length of a box (0: up to the end), and of its header."""
    length = number(data, at)
    return (number(data, at + 8, is_long=True), 16) if length == 1 else (length, 8)
