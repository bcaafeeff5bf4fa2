"""Detects interlacing: pictures whose odd and even rows, the two fields, show different moments.

Where something moves, an interlaced picture shows combing: a row is more like the row after next, which
belongs to the same field, than like the next row. The flags in files are often wrong, in both directions.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

FieldOrder = Literal["progressive", "flagged", "tff", "bff"]

# codecs of cameras and capture cards, which often do not flag interlaced pictures
CAPTURED = frozenset(
    {
        *("dvvideo", "prores", "dnxhd", "cfhd", "mpeg2video", "mjpeg", "rawvideo", "v210"),
        *("ffv1", "huffyuv", "ffvhuff", "utvideo", "magicyuv", "jpeg2000"),
    }
)

INSPECTION_BUDGET_S = 1.0
MAX_PICTURES = 30
ENOUGH_PICTURES = 8
COLUMNS = 48
MOVED = 12  # of 255, between two pictures: more than noise
MIN_MOVED_SHARE = 0.005  # the share of samples that must move to judge a picture
COMBED_SHARE = 0.25  # of the pictures; telecined film has two in five


@dataclass
class _Motion:
    """The motion between two pictures: sums over the samples that moved.

    Attributes:
        samples: how many moved.
        to_neighbours, to_own_field: differences from the next rows, and from those of the same field.
        top_later, bottom_later: differences of a field from the other field of the previous picture.
    """

    samples: int = 0
    to_neighbours: int = 0
    to_own_field: int = 0
    top_later: int = 0
    bottom_later: int = 0

    @property
    def is_combed(self) -> bool:
        return self.to_neighbours > self.to_own_field


def field_order(pictures: Iterable[Any], *, is_flagged: bool) -> FieldOrder:
    """The field order of consecutive decoded pictures; "flagged": use each picture's own flag.

    Without motion, the flag decides. Reads as few pictures as possible, for at most `INSPECTION_BUDGET_S`.
    """
    judged: list[_Motion] = []
    end = time.monotonic() + INSPECTION_BUDGET_S
    for number, (before, now) in enumerate(pairwise(map(_columns, pictures))):
        motion = _motion(before, now)
        judged += [motion] if motion.samples >= MIN_MOVED_SHARE * sum(map(len, now)) else []
        if len(judged) >= ENOUGH_PICTURES or number >= MAX_PICTURES or time.monotonic() > end:
            break
    if judged and sum(motion.is_combed for motion in judged) < COMBED_SHARE * len(judged):
        return "progressive"
    if is_flagged:
        return "flagged"
    return _measured_order(judged) if judged else "progressive"


def _measured_order(judged: list[_Motion]) -> FieldOrder:
    """The field that is closer to the other field of the previous picture comes first."""
    top, bottom = sum(m.top_later for m in judged), sum(m.bottom_later for m in judged)
    return "tff" if top <= bottom else "bff"


def _columns(picture: Any) -> list[bytes]:
    plane = picture.reformat(format="gray").planes[0]
    data, row_bytes = bytes(plane), plane.line_size
    step = max(1, picture.width // COLUMNS)
    return [data[x : row_bytes * picture.height : row_bytes] for x in range(step // 2, picture.width, step)]


def _motion(before: list[bytes], now: list[bytes]) -> _Motion:
    motion = _Motion()
    for old, new in zip(before, now, strict=False):
        _add_column(motion, old, new)
    return motion


def _add_column(motion: _Motion, old: bytes, new: bytes) -> None:
    moved = [y for y in range(2, min(len(old), len(new)) - 2) if not -MOVED < new[y] - old[y] < MOVED]
    motion.samples += len(moved)
    for y in moved:
        here, above, below = new[y], new[y - 1], new[y + 1]
        motion.to_neighbours += abs(here - above) + abs(here - below)
        motion.to_own_field += abs(here - new[y - 2]) + abs(here - new[y + 2])
        apart = abs(here - old[y - 1]) + abs(here - old[y + 1])
        if y % 2:
            motion.bottom_later += apart
        else:
            motion.top_later += apart
