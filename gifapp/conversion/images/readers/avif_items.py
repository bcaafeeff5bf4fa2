"""Reads the items of an AVIF: where its still pictures are stored, and their properties.

Source: ISO/IEC 23008-12 (items and properties), ISO/IEC 14496-12 (their locations).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from gifapp.conversion.images.readers import boxes
from gifapp.conversion.images.readers.exif import UPRIGHT

_ALPHA = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1")
_IN_IDAT = 1  # construction methods of item locations
_MAX_CELLS = 256  # of a grid
# EXIF orientations by quarter turns and flip: none, top to bottom, left to right
_TURNS = ((1, 4, 2), (8, 5, 7), (3, 2, 4), (6, 7, 5))


@dataclass
class Properties:
    """A picture's properties.

    Attributes:
        nclx: H.273 code points of primaries, transfer and matrix, and whether the range is full.
    """

    size: tuple[int, int] = (0, 0)
    orientation: int = UPRIGHT
    profile: bytes | None = None
    nclx: tuple[int, int, int, bool] | None = None
    auxiliary: bytes = b""


@dataclass(frozen=True)
class Item:
    """A stored picture: a single cell, or the cells of a grid, row by row."""

    properties: Properties
    cells: list[memoryview]
    cell_size: tuple[int, int]


def properties_of(named: Iterator[tuple[bytes, memoryview]]) -> Properties:
    """Parse the property boxes."""
    properties, quarters, flip = Properties(), 0, 0
    for kind, body in named:
        if kind == b"ispe":
            properties.size = boxes.number(body, 4), boxes.number(body, 8)
        elif kind == b"irot":
            quarters = body[0] & 3
        elif kind == b"imir":
            flip = 1 + (body[0] & 1)
        elif kind == b"auxC":
            properties.auxiliary = bytes(body[4:]).partition(b"\0")[0]
        elif kind == b"colr":
            _note_colours(body, properties)
    properties.orientation = _TURNS[quarters][flip]
    return properties


def _note_colours(body: memoryview, properties: Properties) -> None:
    if bytes(body[:4]) == b"nclx" and len(body) >= 11:
        primaries, transfer, matrix = struct.unpack_from(">3H", body, 4)
        properties.nclx = primaries, transfer, matrix, bool(body[10] & 0x80)
    elif bytes(body[:4]) in (b"prof", b"rICC"):
        properties.profile = bytes(body[4:])


class Items:
    """The still pictures of a file."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._meta = boxes.path(data, b"meta")[4:]
        self._described = list(boxes.named(boxes.path(self._meta, b"iprp", b"ipco")))
        self._properties = dict(_associations(boxes.path(self._meta, b"iprp", b"ipma")))
        self._places = dict(_locations(boxes.path(self._meta, b"iloc")))
        self._kinds = dict(_kinds(boxes.path(self._meta, b"iinf")))
        self._references = list(_references(boxes.path(self._meta, b"iref")))

    def primary(self) -> int:
        """The id of the picture to show."""
        body = boxes.path(self._meta, b"pitm")
        return int.from_bytes(body[4 : 8 if body[0] else 6], "big")

    def alpha_of(self, item_id: int) -> int | None:
        """The id of the alpha picture that belongs to another."""
        return next(
            (
                source
                for kind, source, targets in self._references
                if kind == b"auxl" and item_id in targets and self.properties(source).auxiliary in _ALPHA
            ),
            None,
        )

    def properties(self, item_id: int) -> Properties:
        """The properties of an item."""
        numbers = self._properties.get(item_id, ())
        return properties_of(
            self._described[number - 1] for number in numbers if 0 < number <= len(self._described)
        )

    def item(self, item_id: int) -> Item:
        """Locate an item's data.

        Raises:
            ValueError: it is not an AV1 picture, or incomplete.
        """
        cells = self._cells(item_id)
        cell_size = self.properties(cells[0]).size
        return Item(self.properties(item_id), [self._body(cell) for cell in cells], cell_size)

    def stored_size(self, item_id: int) -> tuple[int, int]:
        """Width and height of all cells of an item together.

        Raises:
            ValueError: they leave gaps, or some of them are not needed.
        """
        cells, (width_px, height_px) = self._cells(item_id), self.properties(item_id).size
        cell_width_px, cell_height_px = self.properties(cells[0]).size
        columns, rows = -(-width_px // cell_width_px), -(-height_px // cell_height_px)
        if columns * rows != len(cells):
            raise ValueError("its grid has gaps, or cells that do not show")
        return columns * cell_width_px, rows * cell_height_px

    def _cells(self, item_id: int) -> list[int]:
        """The ids of a grid's cells; of another item, its own."""
        kind = self._kinds.get(item_id)
        if kind == b"av01":
            return [item_id]
        cells = next((targets for name, source, targets in self._references
                      if (name, source) == (b"dimg", item_id)), [])  # fmt: skip
        if kind != b"grid" or not 0 < len(cells) <= _MAX_CELLS:
            raise ValueError("no picture that browsers show")
        return cells

    def _body(self, item_id: int) -> memoryview:
        method, places = self._places[item_id]
        source = boxes.path(self._meta, b"idat") if method == _IN_IDAT else self._data
        parts = [source[start : start + length] if length else source[start:] for start, length in places]
        if any(len(part) < length for part, (_, length) in zip(parts, places, strict=True)):
            raise ValueError("it is truncated")
        if sum(map(len, parts)) > len(self._data):
            raise ValueError("its parts overlap")
        return parts[0] if len(parts) == 1 else memoryview(b"".join(parts))


def _numbers(box: memoryview, at: int, *sizes: int) -> tuple[tuple[int, ...], int]:
    """Unsigned numbers of these byte sizes, and the offset after them."""
    numbers = []
    for size in sizes:
        if at + size > len(box):
            raise ValueError("a box ends early")
        numbers.append(int.from_bytes(box[at : at + size], "big"))
        at += size
    return tuple(numbers), at


def _associations(box: memoryview) -> Iterator[tuple[int, list[int]]]:
    """The id of each item, and its property indices."""
    if not box:
        return
    id_bytes, each = 4 if box[0] else 2, 2 if box[3] & 1 else 1
    (count,), at = _numbers(box, 4, 4)
    for _ in range(count):
        (item_id, properties), at = _numbers(box, at, id_bytes, 1)
        numbers, at = _numbers(box, at, *[each] * properties)
        yield item_id, [number & (2 ** (8 * each - 1) - 1) for number in numbers]  # drops the "essential" bit


def _locations(box: memoryview) -> Iterator[tuple[int, tuple[int, list[tuple[int, int]]]]]:
    """The id of each item, its construction method, and the offset and length of each part."""
    if not box:
        return
    version, id_bytes = box[0], 4 if box[0] == 2 else 2
    (sizes, count), at = _numbers(box, 4, 2, id_bytes)
    offset_bytes, length_bytes, base_bytes, index_bytes = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    for _ in range(count):
        (item_id, method, _), at = _numbers(box, at, id_bytes, 2 if version else 0, 2)
        (base, extents), at = _numbers(box, at, base_bytes, 2)
        places = []
        for _ in range(extents):
            (_, offset, length), at = _numbers(
                box, at, index_bytes if version else 0, offset_bytes, length_bytes
            )
            places.append((base + offset, length))
        yield item_id, (method & 15, places)


def _kinds(box: memoryview) -> Iterator[tuple[int, bytes]]:
    """The id and type of each item."""
    for entry in boxes.boxes(box[8 if box and box[0] else 6 :], b"infe"):
        id_bytes = 4 if entry[0] > 2 else 2
        (item_id, _, kind), _ = _numbers(entry, 4, id_bytes, 2, 4)
        yield item_id, kind.to_bytes(4, "big")


def _references(box: memoryview) -> Iterator[tuple[bytes, int, list[int]]]:
    """The type, source item and target items of each reference."""
    id_bytes = 4 if box and box[0] else 2
    for kind, body in boxes.named(box[4:]):
        (source, count), at = _numbers(body, 0, id_bytes, 2)
        targets, _ = _numbers(body, at, *[id_bytes] * count)
        yield kind, source, list(targets)
