"""Frame times, and centisecond delays that never drift.

A GIF counts whole centiseconds. Rounding each frame's delay adds up to seconds; rounding the time
line does not: every frame ends at the nearest centisecond of its true end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

MIN_DELAY_CS = 2  # browsers show a delay of 0 or 1 as 10
MAX_FPS = 100 / MIN_DELAY_CS
STANDARD_FPS = 12.5  # of a GIF that is made of a video, and of pictures without times of their own
MAX_DELAY_CS = 65535
MOST_PLAYS = 65535


@dataclass(frozen=True)
class Pace:
    """How fast the pictures of a source come.

    Attributes:
        fps: on average; None for a single picture.
        steady_fps: the slowest rate at which every picture shows at its own time, if any.
        keeps_times: it is an animation or a sequence: where the recipe has no `fps`, every picture
            shows for its own time.
        is_sequence: its pictures have no times of their own, and play `fps` a second.
    """

    fps: float | None
    steady_fps: float | None
    keeps_times: bool = False
    is_sequence: bool = False


def frame_count(duration_s: float, fps: float) -> int:
    """How many frames cover `duration_s` at `fps`; at least one."""
    return max(1, round(duration_s * fps))


def delays_cs(duration_s: float, fps: float) -> Iterator[int]:
    """The delay of each frame; their sum is the duration to a centisecond (2 at the least)."""
    count = frame_count(duration_s, fps)
    shown_cs = 0
    for number in range(1, count + 1):
        end_s = duration_s if number == count else number / fps
        delay_cs = max(MIN_DELAY_CS, round(end_s * 100) - shown_cs)
        shown_cs += delay_cs
        yield delay_cs


def split_delay(delay_cs: int, most_cs: int = MAX_DELAY_CS) -> list[int]:
    """A delay as a sum of delays of at most `most_cs`, about equal so that none is too short."""
    count = -(-delay_cs // most_cs) or 1
    return [delay_cs // count + (number < delay_cs % count) for number in range(count)]


def overlaps_s(lengths_s: Sequence[float], crossfade_s: float) -> list[float]:
    """How long each two neighbours show at once: less than asked for where one is shorter.

    Of those that have neighbours on both sides, each gets half at most: three never show at once.
    """
    ends = (0, len(lengths_s) - 1)
    rooms_s = [length_s if at in ends else length_s / 2 for at, length_s in enumerate(lengths_s)]
    return [min(crossfade_s, before_s, after_s) for before_s, after_s in pairwise(rooms_s)]
