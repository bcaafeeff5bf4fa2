"""Detects where the picture's shape changes in mid-stream, even if its stored size stays the same.

A broadcast that switches from 16:9 to 4:3 says so only in the headers before its keyframes, and ffmpeg's
command line gives every picture the pixel aspect of the first: its filters cannot see the change.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from fractions import Fraction
from operator import itemgetter
from typing import Any, NamedTuple

import av

from gifapp.conversion.video import MAX_PIXEL_ASPECT

MAX_CHANGES = 256  # further ones are ignored, since all go into one ffmpeg expression
_HEAD_BYTES = 1024
_START_CODE = b"\0\0\1"


class Shape(NamedTuple):
    """A picture's stored size and pixel aspect."""

    width_px: int
    height_px: int
    pixel_aspect: Fraction

    @property
    def display_aspect(self) -> Fraction:
        return self.width_px * self.pixel_aspect / self.height_px


class ShapeWatch:
    """Checks the headers before keyframes, and decodes the keyframes whose headers are new."""

    def __init__(self, stream: Any, max_pixels: int) -> None:
        self._codec = stream.codec.canonical_name
        self._extradata = stream.codec_context.extradata
        self._tells_shape = _TELLS_SHAPE.get(self._codec)
        self._length_bytes = _length_bytes(self._codec, self._extradata or b"")
        self._max_pixels = max_pixels
        self._first: tuple[int, Any] | None = None
        self._header = b""
        self._shapes: list[tuple[int, Shape]] = []

    def look_at(self, packet: Any, at: int) -> None:
        """Check a packet whose picture is shown at `at`, in ticks."""
        if self._tells_shape is None or not packet.is_keyframe or len(self._shapes) > MAX_CHANGES:
            return
        header = self._header_of(packet, self._tells_shape)
        if self._first is None:  # most files have only one header: decode nothing yet
            self._first, self._header = (at, packet), header
        elif header and header != self._header:
            self._header = header
            if not self._shapes:
                self._note(*self._first)
            self._note(at, packet)

    def _header_of(self, packet: Any, tells_shape: Callable[[bytes], bool]) -> bytes:
        head = memoryview(packet)[:_HEAD_BYTES].tobytes()
        units = _with_lengths(head, self._length_bytes) if self._length_bytes else head.split(_START_CODE)
        return b"".join(unit.rstrip(b"\0") for unit in units if tells_shape(unit))

    def _note(self, at: int, key_frame: Any) -> None:
        shape = self._shape_of(key_frame)
        if shape and not (self._shapes and shape == self._shapes[-1][1]):
            self._shapes.append((at, shape))

    def _shape_of(self, key_frame: Any) -> Shape | None:
        context = av.CodecContext.create(self._codec, "r")
        context.extradata = self._extradata
        context.options = {"max_pixels": str(self._max_pixels)}
        with contextlib.suppress(av.FFmpegError):
            context.decode(key_frame)
            context.decode(None)
        return _shape(context)

    def changes(self, start: int, tick_s: Fraction) -> list[tuple[float, float]]:
        """The time of each change after the first picture at `start`, and the shape relative to the first.

        Empty if the pixel aspect never changes: the filters see changes of size themselves.
        """
        shapes = self._shown(start)
        if len({shape.pixel_aspect for _, shape in shapes}) < 2:
            return []
        first = shapes[0][1].display_aspect
        return [
            (float((at - start) * tick_s), float(shape.display_aspect / first)) for at, shape in shapes[1:]
        ]

    def max_pixels(self) -> int:
        """The pixels of the largest shape; 0 if it never changes."""
        return max((shape.width_px * shape.height_px for _, shape in self._shapes), default=0)

    def first_pixel_aspect(self, start: int) -> float:
        """The pixel aspect of the first picture, if there are changes."""
        return float(self._shown(start)[0][1].pixel_aspect)

    def _shown(self, start: int) -> list[tuple[int, Shape]]:
        """The shapes of visible pictures, starting with that of the first."""
        shapes = sorted(self._shapes, key=itemgetter(0))
        before = sum(at <= start for at, _ in shapes)
        return shapes[max(0, before - 1) :]


def _shape(context: Any) -> Shape | None:
    if not context.width or not context.height:
        return None
    aspect = context.sample_aspect_ratio or Fraction(1)
    is_likely = 1 / MAX_PIXEL_ASPECT <= aspect <= MAX_PIXEL_ASPECT
    return Shape(context.width, context.height, aspect if is_likely else Fraction(1))


def _is_sequence_header(unit: bytes) -> bool:
    """Whether it is an MPEG-1 or 2 sequence header, or one of the two extensions that contain sizes."""
    return unit[:1] == b"\xb3" or (unit[:1] == b"\xb5" and unit[1:2] != b"" and unit[1] >> 4 in (1, 2))


_TELLS_SHAPE: dict[str, Callable[[bytes], bool]] = {
    "mpeg1video": _is_sequence_header,
    "mpeg2video": _is_sequence_header,
    "h264": lambda unit: unit != b"" and unit[0] & 0x1F == 7,
    "hevc": lambda unit: unit != b"" and unit[0] >> 1 & 0x3F == 33,
}

# offset in ISO/IEC 14496-15's records of the two bits with the byte size of a unit's length, minus one
_LENGTH_AT = {"h264": 4, "hevc": 21}


def _length_bytes(codec: str, record: bytes) -> int:
    """The byte size of a unit's length; 0 if units begin with start codes."""
    at = _LENGTH_AT.get(codec)
    return (record[at] & 3) + 1 if at and record[:1] == b"\1" and len(record) > at else 0


def _with_lengths(head: bytes, length_bytes: int) -> Iterator[bytes]:
    at = 0
    while at + length_bytes < len(head):
        begin = at + length_bytes
        at = begin + int.from_bytes(head[at:begin], "big")
        yield head[begin:at]
