"""AVIF files, animated or still: pixels by libavif, times and plays as their boxes say.

Source: AV1 Image File Format, aomediacodec.github.io/av1-avif; ISO/IEC 14496-12
(edit lists as libavif reads them).
"""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

from PIL import Image

from gifapp.conversion.images.colour import displayed, upright_size
from gifapp.conversion.images.colour_profile import of_code_points
from gifapp.conversion.images.tiles import MOST_TILES, Animation, Tile, append, shown_ms

_MOST_PIXELS = 16384**2  # of what libavif looks at
_ENDLESS = 2**20  # edit lists say so by an immense length
_REPEATS = 1  # a flag of edit lists


class _Track(NamedTuple):
    """A track of pictures: how long each shows, in ticks, and how often all of them play."""

    ticks: list[int]
    timescale: int
    plays: int

    @property
    def delays_ms(self) -> list[float]:
        return [shown_ms(1000 * ticks / self.timescale) for ticks in self.ticks]


def read(data: memoryview) -> Animation:
    """The pictures of an AVIF.

    Raises:
        one of `tiles.DAMAGE`
    """
    claimed = _claimed_size(data)
    if math.prod(claimed) > _MOST_PIXELS:  # it is the caller who refuses it for that
        return Animation(*claimed, [Tile(0, 0, *claimed, decode=partial(_opened, data))])
    opened = _opened(data)
    width_px, height_px = upright_size(opened)
    count = getattr(opened, "n_frames", 1)
    track = _track(data, count) if count > 1 else None
    delays_ms = track.delays_ms if track else [shown_ms(0)] * count
    tiles: list[Tile] = []
    for number, delay_ms in enumerate(delays_ms):
        decode = partial(_decoded, opened, number)
        may_have_alpha = opened.has_transparency_data
        append(Tile(0, 0, width_px, height_px, decode, delay_ms, may_have_alpha=may_have_alpha), tiles)
    return Animation(width_px, height_px, tiles, track.plays if track else None)


def _opened(data: memoryview) -> Image.Image:
    with _translating_libavif_errors():
        opened: Image.Image = Image.open(io.BytesIO(data), formats=("AVIF",))
    opened.info.setdefault("icc_profile", _profile(data))
    return opened


def _decoded(opened: Image.Image, number: int) -> Image.Image:
    with _translating_libavif_errors():
        opened.seek(number)
        image = opened.copy()
    return displayed(image)


@contextmanager
def _translating_libavif_errors() -> Iterator[None]:
    try:
        yield
    except (RuntimeError, ZeroDivisionError) as failed:
        raise ValueError("libavif cannot decode it") from failed


def _properties(data: memoryview) -> memoryview:
    """The boxes that describe the stored pictures."""
    return _path(_path(data, b"meta")[4:], b"iprp", b"ipco")


def _claimed_size(data: memoryview) -> tuple[int, int]:
    sizes = [
        struct.unpack_from(">2I", box, 4) for box in _boxes(_properties(data), b"ispe") if len(box) >= 12
    ]
    return max(sizes, key=math.prod, default=(0, 0))


def _profile(data: memoryview) -> bytes | None:
    """The profile of the colours that the file names by numbers."""
    for box in _boxes(_properties(data), b"colr"):
        if bytes(box[:4]) == b"nclx" and len(box) >= 8:
            return of_code_points(*struct.unpack_from(">2H", box, 4))
    return None


def _track(data: memoryview, count: int) -> _Track | None:
    """The track with so many pictures, if its times can be read."""
    for track in _boxes(_path(data, b"moov"), b"trak"):
        try:
            read = _read_track(track)
        except (struct.error, IndexError, ZeroDivisionError):
            continue
        if len(read.ticks) == count:
            return read
    return None


def _read_track(track: memoryview) -> _Track:
    header = _path(track, b"mdia", b"mdhd")
    (timescale,) = struct.unpack_from(">I", header, 20 if header[0] else 12)
    times = _path(track, b"mdia", b"minf", b"stbl", b"stts")
    runs = list(struct.iter_unpack(">2I", times[8 : 8 + 8 * struct.unpack_from(">I", times, 4)[0]]))
    if sum(count for count, _ in runs) > MOST_TILES:
        raise IndexError
    return _Track([ticks for count, ticks in runs for _ in range(count)], timescale, _plays(track))


def _plays(track: memoryview) -> int:
    """How often the edit list repeats what it shows; without one, browsers repeat for ever."""
    edits, header = _path(track, b"edts", b"elst"), _path(track, b"tkhd")
    if not edits:
        return 0
    if not edits[3] & _REPEATS:
        return 1
    shown = _number(edits, 8, is_long=bool(edits[0]))
    whole = _number(header, 28 if header[0] else 20, is_long=bool(header[0]))
    plays = max(1, math.ceil(whole / shown))
    return plays if plays < _ENDLESS else 0


def _number(box: memoryview, at: int, *, is_long: bool) -> int:
    return int.from_bytes(box[at : at + (8 if is_long else 4)], "big")


def _path(data: memoryview, *kinds: bytes) -> memoryview:
    """The body of the first box on the path; empty: there is none."""
    for kind in kinds:
        data = next(_boxes(data, kind), data[:0])
    return data


def _boxes(data: memoryview, wanted: bytes) -> Iterator[memoryview]:
    """The bodies of the boxes of one kind."""
    at = 0
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if length == 1 and at + 16 <= len(data):
            length, head = _number(data, at + 8, is_long=True), 16
        end = at + length if length else len(data)
        if end < at + head:
            return
        if kind == wanted:
            yield data[at + head : end]
        at = end
