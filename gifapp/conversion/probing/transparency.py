"""Detects whether any decoded picture is transparent: many files have an unused alpha channel."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

INSPECTION_BUDGET_S = 3.0  # after this, the rest counts as transparent

# offset of alpha in a pixel, and bytes per pixel
_PACKED = {"rgba": (3, 4), "bgra": (3, 4), "argb": (0, 4), "abgr": (0, 4)}
_DEEP = "rgba64le"
_NEARLY_OPAQUE = 250
_BI_RGB = "\0\0\0\0"  # AVI's tag of plain pixels: the fourth byte of 32 bits is unused

# the start of a NAL unit with HEVC's SEI message `alpha_channel_info` (ITU-T H.265, D.2.38)
_ALPHA_CHANNEL_INFO = b"\x4e\x01\xa5"
_HEAD_BYTES = 8192


def is_alpha_used(stream: Any, picture: Any) -> bool:
    """Whether the stream's pixels have a meaningful alpha."""
    if stream.container.format.name == "avi" and stream.codec.canonical_name == "rawvideo":
        return has_alpha(picture) and stream.codec_context.codec_tag != _BI_RGB
    return has_alpha(picture)


def has_alpha(picture: Any) -> bool:
    return any(component.is_alpha for component in picture.format.components)


class AlphaWatch:
    """Checks passing pictures until one is transparent, for at most `INSPECTION_BUDGET_S`."""

    def __init__(self) -> None:
        self.is_transparent = False
        self._end = time.monotonic() + INSPECTION_BUDGET_S

    def over(self, pictures: Iterable[Any]) -> Iterator[Any]:
        for picture in pictures:
            if not self.is_transparent:
                self.is_transparent = time.monotonic() > self._end or _has_transparent_pixel(picture)
            yield picture

    def look_at(self, pictures: Iterable[Any]) -> None:
        """Check pictures, stopping at the first transparent one."""
        for _ in self.over(pictures):
            if self.is_transparent:
                return


def _has_transparent_pixel(picture: Any) -> bool:
    if not has_alpha(picture):
        return False
    alpha = next(component for component in picture.format.components if component.is_alpha)
    if alpha.plane and alpha.bits == 8:  # a separate plane, which lossy codecs store inexactly
        return any(min(row[: picture.width]) < _NEARLY_OPAQUE for row in _rows(picture, alpha.plane))
    if alpha.plane:
        opaque = ((1 << alpha.bits) - 1).to_bytes((alpha.bits + 7) // 8, "little") * picture.width
        return any(row[: len(opaque)] != opaque for row in _rows(picture, alpha.plane))
    if picture.format.name in _PACKED:
        first, step = _PACKED[picture.format.name]
        opaque = b"\xff" * picture.width
        return any(row[first : picture.width * step : step] != opaque for row in _rows(picture, 0))
    deep = picture.reformat(format=_DEEP)  # its low bytes are inexact
    return any(row[7 : picture.width * 8 : 8] != b"\xff" * picture.width for row in _rows(deep, 0))


def _rows(picture: Any, number: int) -> Iterable[bytes]:
    plane = picture.planes[number]
    data, row_bytes = bytes(plane), plane.line_size
    return (data[y * row_bytes : (y + 1) * row_bytes] for y in range(picture.height))


def announces_alpha_layer(stream: Any, packet: Any) -> bool:
    """Whether HEVC declares that its second layer is alpha; not every version of ffmpeg decodes it."""
    heads = (stream.codec_context.extradata or b"", memoryview(packet)[:_HEAD_BYTES].tobytes())
    return any(_ALPHA_CHANNEL_INFO in head for head in heads)
