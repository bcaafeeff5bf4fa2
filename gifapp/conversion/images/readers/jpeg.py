"""Reads JPEG files and recognises motion photos, which have a short video appended.

Source: ITU-T T.81, annex B; T.872 (Adobe's marker); ICC.1:2022, annex B.4.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageChops

from gifapp.conversion.images.colour import displayed
from gifapp.conversion.images.decoding import BT601, FULL_RANGE, decode, in_rgb, plane
from gifapp.conversion.images.readers.exif import UPRIGHT, orientation, upright_size
from gifapp.conversion.images.tiles import Animation, Tile, Unidentified

# XMP tags of Google's and Xiaomi's cameras, and Samsung's marker before the video
_CLIP_MARKS = (
    *(b'MotionPhoto="1"', b'MicroVideo="1"', b"MotionPhoto>1<", b"MicroVideo>1<"),
    b"MotionPhoto_Data",
)
_START_OF_SCAN, _APPLICATIONS, _COMMENT, _FILL = 0xDA, range(0xE0, 0xF0), 0xFE, 0xFF
_ALONE = (0x01, *range(0xD0, 0xDA))  # markers without a length
_FRAMES = range(0xC0, 0xC3)  # baseline, extended, progressive: those that browsers decode
_OTHER_FRAMES = (0xC3, *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0))
MAX_SCANS = 200  # progressive encoders write about ten
_JFIF, _EXIF, _ICC, _ADOBE = b"JFIF\0", b"Exif\0\0", b"ICC_PROFILE\0", b"Adobe"
_IDS_OF_RGB, _IDS_OF_CMYK = b"RGB", b"CMYK"
_END_OF_IMAGE = b"\xff\xd9"
_STARTS = re.compile(rb"\xff[\xc0-\xc2\xda]..", re.DOTALL)  # with their length fields


class _Segment(NamedTuple):
    marker: int
    body: memoryview
    end: int


@dataclass
class _Headers:
    """The headers before the first scan.

    Attributes:
        tables: the segments needed for decoding.
        scans: everything after the headers.
        adobe_transform: the colour transform of Adobe's marker; None without one.
    """

    size: tuple[int, int] = (0, 0)
    ids: bytes = b""
    is_jfif: bool = False
    adobe_transform: int | None = None
    orientation: int = UPRIGHT
    profile: list[bytes] = field(default_factory=list)
    tables: list[memoryview] = field(default_factory=list)
    scans: memoryview = field(default_factory=lambda: memoryview(b""))

    @property
    def is_ycc(self) -> bool:
        """Whether colours are stored as YCbCr (or YCCK)."""
        if len(self.ids) == 4:
            return self.adobe_transform == 2
        if self.is_jfif or len(self.ids) != 3:
            return len(self.ids) == 3
        return self.ids != _IDS_OF_RGB if self.adobe_transform is None else self.adobe_transform != 0


def read(data: memoryview) -> Animation:
    """Read the photo.

    Raises:
        tiles.Unidentified: the file contains none.
        ValueError: it has more scans than any encoder writes; each takes as long as a whole picture.
    """
    headers = _headers(data)
    if _scans(bytes(headers.scans)) > MAX_SCANS:
        raise ValueError("too many scans")
    sides = upright_size(headers.size, headers.orientation)
    tile = Tile(0, 0, *sides, partial(_decoded, headers), may_have_alpha=False)
    return Animation(*sides, [tile], holds_clip=_holds_clip(bytes(data)))


def _scans(data: bytes) -> int:
    """The number of scans; a video may follow the end of the image."""
    end = data.find(_END_OF_IMAGE)
    return data.count(bytes((_FILL, _START_OF_SCAN)), 0, len(data) if end < 0 else end)


def _holds_clip(data: bytes) -> bool:
    return b"ftyp" in data and any(mark in data for mark in _CLIP_MARKS)


def _headers(data: memoryview) -> _Headers:
    headers = _Headers()
    start = 2
    for marker, body, end in _segments(data):
        if marker == _START_OF_SCAN:
            headers.scans = data[start:]
            break
        if marker in _OTHER_FRAMES:
            raise ValueError("no JPEG that browsers show")
        if marker in _FRAMES:
            _note_frame(body, headers)
        if marker in _APPLICATIONS:
            _note_application(body, headers)
        elif marker != _COMMENT:
            headers.tables.append(data[start:end])
        start = end
    if not headers.ids or not headers.scans:
        raise Unidentified("no picture in it")
    return headers


def _segments(data: memoryview) -> Iterator[_Segment]:
    at = 2
    while at + 4 <= len(data):
        if data[at] != _FILL:
            at += 1  # some cameras leave bytes between segments
            continue
        marker = data[at + 1]
        if marker == _FILL:
            at += 1
        elif marker in _ALONE or not marker:
            at += 2
        else:
            (length,) = struct.unpack_from(">H", data, at + 2)
            yield _Segment(marker, data[at + 4 : at + 2 + length], at + 2 + length)
            at += 2 + length


def _note_frame(body: memoryview, headers: _Headers) -> None:
    bits, height_px, width_px, components = struct.unpack_from(">B2HB", body)
    if headers.ids or bits != 8 or components not in (1, 3, 4) or not width_px * height_px:
        raise ValueError("no JPEG that browsers show")
    headers.size = width_px, height_px
    headers.ids = bytes(body[6 : 6 + 3 * components : 3])


def _note_application(body: memoryview, headers: _Headers) -> None:
    start = bytes(body[:14])
    if start.startswith(_JFIF):
        headers.is_jfif = True
    elif start.startswith(_EXIF) and headers.orientation == UPRIGHT:
        headers.orientation = orientation(body[len(_EXIF) :])
    elif start.startswith(_ICC):
        headers.profile.append(bytes(body[len(_ICC) :]))
    elif start.startswith(_ADOBE) and len(body) >= 12:
        headers.adobe_transform = body[11]


def _decoded(headers: _Headers) -> Image.Image:
    if _END_OF_IMAGE not in bytes(headers.scans):
        raise ValueError("it is truncated")
    # without Adobe's marker and with numeric component ids, libavcodec returns the components as stored
    data = b"".join((b"\xff\xd8", *headers.tables, headers.scans))
    if headers.ids in (_IDS_OF_RGB, _IDS_OF_CMYK):
        data = _with_numbers(data, headers.ids)
    frame = decode("mjpeg", data, headers.size)
    frame.color_range = FULL_RANGE
    return displayed(_image(frame, headers), _profile(headers.profile), headers.orientation)


def _with_numbers(data: bytes, ids: bytes) -> bytes:
    """Replace component ids that are letters by 1, 2, 3 and 4, in the frame and scan headers."""
    renamed = bytearray(data)
    for start in _STARTS.finditer(data):
        is_frame = data[start.start() + 1] in _FRAMES
        at, step = (start.end() + 5, 3) if is_frame else (start.end(), 2)
        for place in range(at + 1, min(at + 1 + step * data[at], len(data)), step):
            renamed[place] = ids.find(data[place : place + 1]) + 1
    return bytes(renamed)


def _image(frame: Any, headers: _Headers) -> Image.Image:
    """Convert to L, RGB or CMYK; in practice all programs store CMYK inks inverted."""
    if len(headers.ids) == 1:
        return _channel(frame, 0)
    if headers.is_ycc:
        colours = list(in_rgb(frame, matrix=BT601).split())
    else:
        colours = [_channel(frame, number) for number in range(3)]
    if len(headers.ids) == 3:
        return Image.merge("RGB", colours)
    inks = colours if headers.is_ycc else map(ImageChops.invert, colours)
    return Image.merge("CMYK", [*inks, ImageChops.invert(_channel(frame, 3))])


def _channel(frame: Any, number: int) -> Image.Image:
    stored = frame.planes[number]
    channel = Image.fromarray(np.ascontiguousarray(plane(frame, number)[:, : stored.width]))
    return channel.resize((frame.width, frame.height), Image.Resampling.BILINEAR)


def _profile(parts: list[bytes]) -> bytes | None:
    """The ICC profile, joined from parts that start with their numbers."""
    numbered = sorted((part[0], part[2:]) for part in parts if len(part) > 2)
    return b"".join(part for _, part in numbered) or None
