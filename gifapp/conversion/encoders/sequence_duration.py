"""Sets the duration of an animated AVIF: SVT-AV1 gives the last frame only one tick.

The boxes are those of ISO/IEC 14496-12. Times have 64 bits in version 1 of a box, 32 bits in version 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

_CONTAINERS = (b"moov", b"trak", b"edts", b"mdia", b"minf", b"stbl")
_VERSION_BYTES = 4  # with the flags
_ENDLESS = 2**63 - 1  # the duration of a track that repeats forever


class _Box(NamedTuple):
    name: bytes
    at: int  # offset of its content in the file
    bytes: int


def set_avif_duration(path: Path, total_cs: int) -> None:
    """Set the last delay so that the file plays for `total_cs`; a single frame, a still, has no delay."""
    with path.open("r+b") as file:
        timescale = 0
        for box in list(_boxes(file, 0, path.stat().st_size)):
            if box.name == b"mvhd":
                timescale = _set_header(file, box, total_cs)
            elif box.name == b"tkhd":
                track = box
            elif box.name == b"elst":
                _set_play(file, track, box, total_cs * timescale // 100)
            elif box.name == b"mdhd":
                media_timescale = _set_header(file, box, total_cs)
            elif box.name == b"stts":
                _set_last_delta(file, box, total_cs * media_timescale // 100)


def _set_header(file: BinaryIO, box: _Box, total_cs: int) -> int:
    """Set the duration of a movie or a media header; returns its ticks per second."""
    width = _width(file, box)
    at = box.at + _VERSION_BYTES + 2 * width  # after the times of creation and modification
    timescale = _read(file, at, 4)
    _write(file, at + 4, width, total_cs * timescale // 100)
    return timescale


def _set_play(file: BinaryIO, track: _Box, edit_list: _Box, play: int) -> None:
    """Set the duration of one play, and of all plays together unless they are endless."""
    at, width = edit_list.at + _VERSION_BYTES + 4, _width(file, edit_list)
    track_width = _width(file, track)
    track_at = track.at + _VERSION_BYTES + 2 * track_width + 8
    before, whole = _read(file, at, width), _read(file, track_at, track_width)
    _write(file, at, width, play)
    if whole != _ENDLESS:
        _write(file, track_at, track_width, whole // before * play)


def _set_last_delta(file: BinaryIO, box: _Box, total: int) -> None:
    entries = range(box.at + _VERSION_BYTES + 4, box.at + box.bytes, 8)
    deltas = [_read(file, at, 4) * _read(file, at + 4, 4) for at in entries]
    rest = total - sum(deltas[:-1])
    _write(file, entries[-1] + 4, 4, rest // _read(file, entries[-1], 4))


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[_Box]:
    """The boxes between two offsets, each followed by those that it contains."""
    while start < end:
        count, name = _read(file, start, 4), _read(file, start + 4, 4).to_bytes(4, "big")
        yield _Box(name, start + 8, count - 8)
        if name in _CONTAINERS:
            yield from _boxes(file, start + 8, start + count)
        start += count


def _width(file: BinaryIO, box: _Box) -> int:
    return 8 if _read(file, box.at, 1) else 4


def _read(file: BinaryIO, at: int, count: int) -> int:
    file.seek(at)
    return int.from_bytes(file.read(count), "big")


def _write(file: BinaryIO, at: int, count: int, value: int) -> None:
    file.seek(at)
    file.write(value.to_bytes(count, "big"))
