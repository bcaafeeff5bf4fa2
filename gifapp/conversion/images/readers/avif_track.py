"""Reads the tracks of an animated AVIF: the location and delay of each picture, and the play count.

Source: ISO/IEC 14496-12 (edit lists as libavif reads them).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate, pairwise

from gifapp import errors
from gifapp.conversion.images.readers import boxes
from gifapp.conversion.images.readers.avif_items import Properties, properties_of
from gifapp.conversion.images.tiles import MAX_TILES, shown_ms

PICTURES, ALPHA = b"pict", b"auxv"

_ENDLESS = 2**20  # edit lists express "forever" by a huge duration
_BRANDS_BYTES = 64
_REPEATS = 1  # flag of edit lists
_ENTRY_BYTES = 78  # of a sample entry before its boxes


@dataclass(frozen=True)
class Track:
    """A track of pictures.

    Attributes:
        ticks: the duration of each picture.
        places: the start and end of each in the file.
        keys: the numbers of the keyframes.
    """

    ticks: list[int]
    timescale: int
    places: list[tuple[int, int]]
    keys: list[int]
    plays: int
    properties: Properties

    @property
    def delays_ms(self) -> list[float]:
        return [shown_ms(1000 * ticks / self.timescale) for ticks in self.ticks]

    def key_before(self, number: int) -> int:
        """The last keyframe up to this picture."""
        at = bisect_right(self.keys, number)
        return self.keys[at - 1] if at else 0


def track(data: memoryview, handler: bytes) -> Track | None:
    """The first track with this handler, if the file is animated."""
    if bytes(data[8:12]) != b"avis" and b"avis" not in bytes(data[16:_BRANDS_BYTES]):
        return None
    for box in boxes.boxes(boxes.path(data, b"moov"), b"trak"):
        if bytes(boxes.path(box, b"mdia", b"hdlr")[8:12]) == handler:
            return _read(box)
    return None


def _read(box: memoryview) -> Track:
    header = boxes.path(box, b"mdia", b"mdhd")
    timescale = boxes.number(header, 20 if header[0] else 12)
    samples = boxes.path(box, b"mdia", b"minf", b"stbl")
    runs = [divmod(run, 2**32) for run in boxes.numbers(boxes.path(samples, b"stts"), 4, each=8)]
    if sum(count for count, _ in runs) > MAX_TILES:
        raise errors.PicturesInvalid(problem=f"there are more than {MAX_TILES:,}")
    ticks = [ticks for count, ticks in runs for _ in range(count)]
    places = _places(samples)
    keys = [number - 1 for number in boxes.numbers(boxes.path(samples, b"stss"), 4)]
    return Track(ticks, timescale, places, keys or [*range(len(places))], _plays(box), _properties(samples))


def _properties(samples: memoryview) -> Properties:
    entry = boxes.path(boxes.path(samples, b"stsd")[8:], b"av01")
    properties = properties_of(boxes.named(entry[_ENTRY_BYTES:]))
    properties.size = int.from_bytes(entry[24:26], "big"), int.from_bytes(entry[26:28], "big")
    return properties


def _places(samples: memoryview) -> list[tuple[int, int]]:
    table, short, long = (boxes.path(samples, kind) for kind in (b"stsz", b"stco", b"co64"))
    each, count = boxes.number(table, 4), min(boxes.number(table, 8), MAX_TILES)
    sizes = [each] * count if each else boxes.numbers(table, 8)
    starts = boxes.numbers(short, 4) or boxes.numbers(long, 4, each=8)
    runs = [divmod(run >> 32, 2**32) for run in boxes.numbers(boxes.path(samples, b"stsc"), 4, each=12)]
    places: list[tuple[int, int]] = []
    for chunk, start in enumerate(starts, 1):
        _, in_chunk = runs[bisect_right(runs, (chunk, math.inf)) - 1]
        ends = accumulate(sizes[len(places) : len(places) + in_chunk], initial=start)
        places += pairwise(ends)
    return places


def _plays(box: memoryview) -> int:
    """How often the edit list plays the track; 0, forever, without one, as in browsers."""
    edits, header = boxes.path(box, b"edts", b"elst"), boxes.path(box, b"tkhd")
    if not edits:
        return 0
    if not edits[3] & _REPEATS:
        return 1
    shown = boxes.number(edits, 8, is_long=bool(edits[0]))
    whole = boxes.number(header, 28 if header[0] else 20, is_long=bool(header[0]))
    plays = max(1, math.ceil(whole / shown))
    return plays if plays < _ENDLESS else 0
