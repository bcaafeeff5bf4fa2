"""Detects files that end before the size that their container declares."""

from __future__ import annotations

from pathlib import Path

EBML, SEGMENT = b"\x1aE\xdf\xa3", b"\x18\x53\x80\x67"
TS_PACKETS_BYTES = (188, 192, 204)
_STREAMED = (0, 0xFFFFFFFF)  # sizes left open by streaming writers
_HEAD_BYTES = 4096


def ends_early(path: Path, container: str) -> bool:
    """Whether something is missing at the end; `container` is ffmpeg's name. False if it cannot be known.

    Sources: RFC 8794 (EBML) for Matroska and WebM, the sizes of RIFF for AVI, whole packets for MPEG-TS.
    """
    size_bytes = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if container == "matroska":
        return _segment_end(head) > size_bytes
    if container == "avi":
        claimed = int.from_bytes(head[4:8], "little")
        return claimed not in _STREAMED and claimed > size_bytes
    return container == "mpegts" and all(size_bytes % packet for packet in TS_PACKETS_BYTES)


def _segment_end(head: bytes) -> int:
    """Where the first segment of a Matroska file ends; 0 if unknown, or not within `head`."""
    at = 0
    while at < len(head) and (name := head[at : at + 4]) in (EBML, SEGMENT):
        size, body_at = _size(head, at + 4)
        if name == SEGMENT:
            return body_at + size if size is not None else 0
        at = body_at + (size or 0)
    return 0


def _size(head: bytes, at: int) -> tuple[int | None, int]:
    """An EBML size (None if unknown), and the offset after it."""
    first = head[at] if at < len(head) else 0
    length = 9 - first.bit_length()
    value = int.from_bytes(head[at : at + length], "big") & ((1 << 7 * length) - 1)
    return None if value == (1 << 7 * length) - 1 else value, at + length
