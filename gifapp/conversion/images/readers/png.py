"""Reads PNG and APNG files chunk by chunk.

Source: PNG specification, third edition, w3.org/TR/png-3; for damaged files, the frames that Chromium shows.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from gifapp.conversion.images.readers import png_pixels
from gifapp.conversion.images.readers.exif import orientation, upright_size
from gifapp.conversion.images.readers.png_samples import Header, chunk_bytes, header_of
from gifapp.conversion.images.signatures import PNG
from gifapp.conversion.images.tiles import Animation, Disposal, Tile, Unidentified, append, shown_ms

_HEADER_BYTES = 13
_MAX_FRAMES = 2**31
_DISPOSALS = (Disposal.KEEP, Disposal.CLEAR, Disposal.RESTORE)
# chunks that apply to all frames
_SHARED = (b"PLTE", b"tRNS", b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"cICP")
# of animation chunks: the exact length of a control, and the minimum length of data
_CONTROL_BYTES, _NUMBER_BYTES = {b"acTL": 8, b"fcTL": 26}, 4
_WITH_ALPHA = (4, 6)  # colour types


class _Chunk(NamedTuple):
    kind: bytes
    body: bytes | memoryview
    is_whole: bool = True


class _Control(NamedTuple):
    """A frame control chunk."""

    sequence: int
    width_px: int
    height_px: int
    x_px: int
    y_px: int
    numerator: int
    denominator: int
    disposal: int
    blends: int

    @property
    def delay_ms(self) -> float:
        return shown_ms(1000 * self.numerator / (self.denominator or 100))


class _Frame(NamedTuple):
    control: _Control
    data: list[bytes | memoryview]


def is_animated(data: memoryview) -> bool:
    """Whether a valid animation control chunk comes before any image data, as it must."""
    for chunk in _chunks(data):
        if chunk.kind == b"acTL":
            (frames,) = struct.unpack_from(">I", chunk.body)
            return bool(0 < frames < _MAX_FRAMES)
        if chunk.kind == b"IDAT":
            break
    return False


def read(data: memoryview) -> Animation:
    """Read the frames of an APNG, or the picture of a PNG.

    Raises:
        tiles.Unidentified: it is not a PNG; ValueError: it contains no picture.
    """
    first = next(_chunks(data), None)
    if not first or first.kind != b"IHDR" or len(first.body) != _HEADER_BYTES:
        raise Unidentified("no header")
    header = header_of(first.body)
    return _animated(data, header) if is_animated(data) else _still(data, header)


def _still(data: memoryview, header: Header) -> Animation:
    shared: dict[bytes, bytes | memoryview] = {}
    for chunk in _chunks(data):
        if chunk.kind in (*_SHARED, b"eXIf"):
            shared.setdefault(chunk.kind, chunk.body)
    parts = [chunk.body for chunk in _chunks(data) if chunk.kind == b"IDAT"]
    turned = orientation(shared.get(b"eXIf", b""))
    sides = upright_size((header.width_px, header.height_px), turned)
    decode = partial(png_pixels.decoded, header, shared, parts, turned)
    return Animation(*sides, [Tile(0, 0, *sides, decode, may_have_alpha=_may_have_alpha(header, shared))])


def _animated(data: memoryview, header: Header) -> Animation:
    parser = _Parser(data, header.width_px, header.height_px)
    parser.walk()
    may_have_alpha = _may_have_alpha(header, parser.shared)
    tiles: list[Tile] = []
    for control, parts in parser.whole_frames():
        own_header = header._replace(width_px=control.width_px, height_px=control.height_px)
        tile = Tile(
            *(control.x_px, control.y_px, control.width_px, control.height_px),
            decode=partial(png_pixels.decoded, own_header, parser.shared, parts),
            delay_ms=control.delay_ms,
            disposal=_DISPOSALS[control.disposal],
            blends=bool(control.blends),
            may_have_alpha=may_have_alpha,
        )
        append(tile, tiles)
    if not tiles:
        raise ValueError("it has no frame")
    return Animation(header.width_px, header.height_px, tiles, parser.plays, parser.is_cut_short)


def _may_have_alpha(header: Header, shared: png_pixels.Shared) -> bool:
    return header.colour_type in _WITH_ALPHA or b"tRNS" in shared


class _Parser:
    """Walks the chunks of an animation up to the first that is out of order."""

    def __init__(self, data: memoryview, width_px: int, height_px: int) -> None:
        self._data = data
        self._sides = width_px, height_px
        self._sequence = 0
        self._max_frames = 0
        self._frames: list[_Frame] = []
        self.shared: dict[bytes, bytes | memoryview] = {}
        self._is_last_whole = True
        self.plays = 0
        self.is_cut_short = True

    def walk(self) -> None:
        has_image = False
        for chunk in _chunks(self._data):
            if chunk.kind == b"IEND":
                self.is_cut_short = False
            elif chunk.kind == b"acTL":
                self._max_frames, self.plays = struct.unpack_from(">2I", chunk.body)
            elif chunk.kind == b"IDAT":
                has_image = True
                if self._frames:
                    self._frames[0].data.append(chunk.body)
            elif chunk.kind in (b"fcTL", b"fdAT"):
                if not self._add(chunk):
                    self._is_last_whole = chunk.kind != b"fdAT"
                    return
            elif chunk.kind in _SHARED and not has_image:
                self.shared.setdefault(chunk.kind, chunk.body)  # a hostile file may have millions of them
            self._is_last_whole = chunk.is_whole

    def whole_frames(self) -> list[_Frame]:
        """The frames with data, without a truncated last one unless it is the only one."""
        frames = [frame for frame in self._frames if frame.data][: self._max_frames]
        return frames if self._is_last_whole or len(frames) < 2 else frames[:-1]

    def _add(self, chunk: _Chunk) -> bool:
        """Add an animation chunk; returns whether it is valid and in sequence."""
        if len(chunk.body) < _NUMBER_BYTES:
            return False
        (sequence,) = struct.unpack_from(">I", chunk.body)
        if sequence != self._sequence:
            return False
        self._sequence += 1
        if chunk.kind == b"fdAT":
            if self._frames:
                self._frames[-1].data.append(chunk.body[4:])
            return bool(self._frames)
        control = _Control(*struct.unpack_from(">5I2H2B", chunk.body))
        if not self._is_valid(control):
            return False
        if self._frames and not self._frames[-1].data:
            self._frames.pop()
        self._frames.append(_Frame(control, []))
        return True

    def _is_valid(self, control: _Control) -> bool:
        return (
            0 < control.width_px <= self._sides[0] - control.x_px
            and 0 < control.height_px <= self._sides[1] - control.y_px
            and control.disposal < len(_DISPOSALS)
            and control.blends <= 1
        )


def _chunks(data: memoryview) -> Iterator[_Chunk]:
    """Every chunk, the last one perhaps truncated; invalid animation controls are skipped."""
    at = len(PNG)
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        at += length + 12
        chunk = _Chunk(kind, body, at <= len(data))
        if kind not in _CONTROL_BYTES or _is_sound(chunk, data[at - 4 : at]):
            yield chunk


def _is_sound(control: _Chunk, checksum: memoryview) -> bool:
    return (
        len(control.body) == _CONTROL_BYTES[control.kind]
        and chunk_bytes(control.kind, control.body)[-4:] == checksum
    )
