"""Wraps raw frames with their timestamps in minimal Matroska for ffmpeg's stdin.

A raw video stream has a constant rate; these frames each have their own delay. Elements follow RFC 9559,
with one cluster per frame and times in centiseconds.
"""

from __future__ import annotations

_CS_NS = 10_000_000
_UNKNOWN_SIZE = b"\x01" + b"\xff" * 7


def head(width_px: int, height_px: int, *, has_alpha: bool) -> bytes:
    """The bytes before the first frame."""
    picture = _number(0xB0, width_px) + _number(0xBA, height_px)
    picture += _element(0x2EB524, b"RGBA" if has_alpha else b"RGB\x18")  # the pixel format
    kind = _number(0xD7, 1) + _number(0x73C5, 1) + _number(0x83, 1)  # track 1, a video
    track = _element(0xAE, kind + _element(0x86, b"V_UNCOMPRESSED") + _element(0xE0, picture))
    return b"".join(
        [
            _element(0x1A45DFA3, _element(0x4282, b"matroska") + _number(0x4287, 4) + _number(0x4285, 2)),
            _name(0x18538067) + _UNKNOWN_SIZE,
            _element(0x1549A966, _number(0x2AD7B1, _CS_NS)),
            _element(0x1654AE6B, track),
        ]
    )


def frame_head(picture_bytes: int, *, at_cs: int, delay_cs: int) -> bytes:
    """The bytes before one frame's pixels, of which there are `picture_bytes` bytes."""
    block = b"\x81\0\0\0"  # track 1, at the cluster's time
    block_head = _name(0xA1) + _size(len(block) + picture_bytes) + block
    group = _number(0x9B, delay_cs) + block_head
    group_head = _name(0xA0) + _size(len(group) + picture_bytes) + group
    cluster = _number(0xE7, at_cs) + group_head
    return _name(0x1F43B675) + _size(len(cluster) + picture_bytes) + cluster


def _name(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _size(count: int) -> bytes:
    return (1 << 56 | count).to_bytes(8, "big")


def _element(name: int, content: bytes) -> bytes:
    return _name(name) + _size(len(content)) + content


def _number(name: int, value: int) -> bytes:
    return _element(name, value.to_bytes(8, "big"))
