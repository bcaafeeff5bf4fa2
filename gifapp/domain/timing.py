"""Frame times, and centisecond delays that never drift.

A GIF stores delays in whole centiseconds. Rounding each delay on its own accumulates errors of seconds; so
the timestamps are rounded instead: every frame ends at the centisecond nearest to its true end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

MIN_DELAY_CS = 2  # browsers treat a delay of 0 or 1 as 10
MAX_FPS = 100 / MIN_DELAY_CS
STANDARD_FPS = 12.5  # of GIFs from videos, and from pictures without delays of their own
MAX_DELAY_CS = 65535
MAX_PLAYS = 65535


@dataclass(frozen=True)
class Pace:
    """The frame rate of a source.

    Attributes:
        fps: the average; None for a single picture.
        steady_fps: the slowest constant rate at which every picture keeps its own time, if any.
        keeps_times: the source is an animation or a sequence: unless the recipe sets `fps`, every picture
            keeps its own delay.
        is_sequence: its pictures have no delays of their own and play at `fps`.
    """

    fps: float | None
    steady_fps: float | None
    keeps_times: bool = False
    is_sequence: bool = False


def frame_count(duration_s: float, fps: float) -> int:
    """How many frames cover `duration_s` at `fps`: at least one, and no more than its centiseconds allow."""
    max_frames = round(duration_s * 100) // MIN_DELAY_CS
    return max(1, min(round(duration_s * fps), max_frames))


def delays_cs(duration_s: float, fps: float) -> Iterator[int]:
    """The delay of each frame, at least 2; their sum is the duration, rounded."""
    count = frame_count(duration_s, fps)
    total_cs = max(MIN_DELAY_CS, round(duration_s * 100))
    shown_cs = 0
    for number in range(1, count + 1):
        latest_cs = total_cs - MIN_DELAY_CS * (count - number)  # leaves time for the frames to come
        end_cs = total_cs if number == count else min(round(number / fps * 100), latest_cs)
        delay_cs = max(MIN_DELAY_CS, end_cs - shown_cs)
        shown_cs += delay_cs
        yield delay_cs


def split_delay(delay_cs: int, max_cs: int = MAX_DELAY_CS) -> list[int]:
    """Split a delay into delays of at most `max_cs`, about equal so that none is too short."""
    count = -(-delay_cs // max_cs) or 1
    return [delay_cs // count + (number < delay_cs % count) for number in range(count)]


def overlaps_s(lengths_s: Sequence[float], crossfade_s: float) -> list[float]:
    """How long each pair of neighbouring ranges overlaps: `crossfade_s`, or less if one of them is shorter.

    A range with neighbours on both sides gives each at most half, so that three never overlap.
    """
    ends = (0, len(lengths_s) - 1)
    rooms_s = [length_s if at in ends else length_s / 2 for at, length_s in enumerate(lengths_s)]
    return [min(crossfade_s, before_s, after_s) for before_s, after_s in pairwise(rooms_s)]
