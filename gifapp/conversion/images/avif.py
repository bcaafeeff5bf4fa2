"""AVIF files, animated or still: pixels by libavif, times and plays as their boxes say.

Source: AV1 Image File Format, aomediacodec.github.io/av1-avif; ISO/IEC 14496-12
(edit lists as libavif reads them).
"""

from __future__ import annotations

import io
import math
import struct
from bisect import bisect_right
from functools import partial
from itertools import accumulate
from typing import NamedTuple

from PIL import Image

from gifapp import errors
from gifapp.conversion.images import boxes
from gifapp.conversion.images.colour import displayed, upright_size
from gifapp.conversion.images.colour_profile import of_code_points
from gifapp.conversion.images.tiles import MOST_TILES, Animation, Tile, append, shown_ms

_MOST_PIXELS = 16384**2  # of what libavif looks at
_MOST_MISSING_BYTES = 100_000_000
_ENDLESS = 2**20  # edit lists say so by an immense length
_BRANDS_BYTES = 64
_REPEATS = 1  # a flag of edit lists


class _Track(NamedTuple):
    """A track of pictures: how long each shows, in ticks, where each ends in the file, how often all play."""

    ticks: list[int]
    timescale: int
    ends: list[int]
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
    track = _track(data)
    missing_bytes = boxes.missing_bytes(data)
    if track and 0 < missing_bytes <= _MOST_MISSING_BYTES:  # libavif reads nothing of what is cut short
        return _moving(memoryview(bytes(data) + bytes(missing_bytes)), track, end=len(data))
    return _moving(data, track, end=len(data)) if track else _still(data)


def _still(data: memoryview) -> Animation:
    opened = _opened(data)
    sides = upright_size(opened)
    may_have_alpha = opened.has_transparency_data
    return Animation(
        *sides, [Tile(0, 0, *sides, partial(_decoded, opened, 0), may_have_alpha=may_have_alpha)]
    )


def _moving(data: memoryview, track: _Track, end: int) -> Animation:
    """The pictures that are there before the end of the file."""
    opened = _opened(data)
    sides, may_have_alpha = upright_size(opened), opened.has_transparency_data
    pictures = zip(track.delays_ms[: getattr(opened, "n_frames", 1)], track.ends, strict=False)
    tiles: list[Tile] = []
    for number, (delay_ms, end_of_picture) in enumerate(pictures):
        if end_of_picture > end:
            break
        decode = partial(_decoded, opened, number)
        append(Tile(0, 0, *sides, decode, delay_ms, may_have_alpha=may_have_alpha), tiles)
    if not tiles:
        raise ValueError("no whole picture in it")
    return Animation(*sides, tiles, track.plays, is_cut_short=end < len(data))


def _opened(data: memoryview) -> Image.Image:
    opened: Image.Image = Image.open(io.BytesIO(data), formats=("AVIF",))
    opened.info.setdefault("icc_profile", _profile(data))
    return opened


def _decoded(opened: Image.Image, number: int) -> Image.Image:
    opened.seek(number)
    return displayed(opened.copy())


def _properties(data: memoryview) -> memoryview:
    """The boxes that describe the stored pictures."""
    return boxes.path(boxes.path(data, b"meta")[4:], b"iprp", b"ipco")


def _claimed_size(data: memoryview) -> tuple[int, int]:
    extents = boxes.boxes(_properties(data), b"ispe")
    sizes = [(boxes.number(box, 4), boxes.number(box, 8)) for box in extents]
    return max(sizes, key=math.prod, default=(0, 0))


def _profile(data: memoryview) -> bytes | None:
    """The profile of the colours that the file names by numbers."""
    for box in boxes.boxes(_properties(data), b"colr"):
        if bytes(box[:4]) == b"nclx" and len(box) >= 8:
            return of_code_points(*struct.unpack_from(">2H", box, 4))
    return None


def _track(data: memoryview) -> _Track | None:
    """The first track of pictures in a file that plays; those of their transparency have another name."""
    if bytes(data[8:12]) != b"avis" and b"avis" not in bytes(data[16:_BRANDS_BYTES]):
        return None
    for track in boxes.boxes(boxes.path(data, b"moov"), b"trak"):
        if bytes(boxes.path(track, b"mdia", b"hdlr")[8:12]) == b"pict":
            return _read_track(track)
    return None


def _read_track(track: memoryview) -> _Track:
    header = boxes.path(track, b"mdia", b"mdhd")
    timescale = boxes.number(header, 20 if header[0] else 12)
    samples = boxes.path(track, b"mdia", b"minf", b"stbl")
    runs = [divmod(run, 2**32) for run in boxes.numbers(boxes.path(samples, b"stts"), 4, each=8)]
    if sum(count for count, _ in runs) > MOST_TILES:
        raise errors.PicturesInvalid(problem=f"there are more than {MOST_TILES:,}")
    ticks = [ticks for count, ticks in runs for _ in range(count)]
    return _Track(ticks, timescale, _ends(samples), _plays(track))


def _ends(samples: memoryview) -> list[int]:
    """Where in the file each picture ends."""
    table, short, long = (boxes.path(samples, kind) for kind in (b"stsz", b"stco", b"co64"))
    each, count = boxes.number(table, 4), min(boxes.number(table, 8), MOST_TILES)
    sizes = [each] * count if each else boxes.numbers(table, 8)
    starts = boxes.numbers(short, 4) or boxes.numbers(long, 4, each=8)
    runs = [divmod(run >> 32, 2**32) for run in boxes.numbers(boxes.path(samples, b"stsc"), 4, each=12)]
    ends: list[int] = []
    for chunk, start in enumerate(starts, 1):
        _, in_chunk = runs[bisect_right(runs, (chunk, math.inf)) - 1]
        ends += list(accumulate(sizes[len(ends) : len(ends) + in_chunk], initial=start))[1:]
    return ends


def _plays(track: memoryview) -> int:
    """How often the edit list repeats what it shows; without one, browsers repeat for ever."""
    edits, header = boxes.path(track, b"edts", b"elst"), boxes.path(track, b"tkhd")
    if not edits:
        return 0
    if not edits[3] & _REPEATS:
        return 1
    shown = boxes.number(edits, 8, is_long=bool(edits[0]))
    whole = boxes.number(header, 28 if header[0] else 20, is_long=bool(header[0]))
    plays = max(1, math.ceil(whole / shown))
    return plays if plays < _ENDLESS else 0
