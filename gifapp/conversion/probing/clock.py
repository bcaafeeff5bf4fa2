"""Recovers the regular frame times behind a container's coarse timestamps. Pure.

Matroska and FLV count milliseconds, MPEG 1/90000 s: at 120 fps, pictures come 8, 8 and 9 ms apart. Thinning
to a whole fraction of the rate is even only if pictures are counted, not milliseconds.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

COARSE_S = Fraction(1, 1000)  # timestamps may have been converted from milliseconds, whatever the container
MAX_SPREAD_STEPS = Fraction(9, 20)  # the greatest spread of deviations from a grid, in steps
MIN_TICKS = 3  # per step of a grid: a finer grid would fit any times

LEAP_S = 10  # in MPEG streams, ffmpeg treats a larger forward jump as a new recording

_WHOLE = (24, 25, 30, 48, 50, 60, 100, 120, 240)
_NTSC = (24, 30, 60, 120, 240)
STANDARD_RATES = (*map(Fraction, _WHOLE), *(Fraction(rate * 1000, 1001) for rate in _NTSC))


@dataclass(frozen=True)
class Clock:
    """The grid of a stream's timestamps; step 0 is its first picture.

    Attributes:
        step_s: the interval between pictures at a constant rate, else the tick of the container's clock.
        usual_steps: the usual number of steps between pictures.
        is_counted: no timestamps are stored; pictures are `usual_steps` apart.
        jumps: timestamps restart or jump in mid-stream, while the pictures are continuous.
    """

    step_s: Fraction = Fraction(1, 1_000_000)
    usual_steps: int = 1
    is_counted: bool = False
    jumps: bool = False

    @property
    def is_absolute(self) -> bool:
        """Whether a picture's timestamp alone determines when it shows."""
        return not (self.is_counted or self.jumps)


MICROSECONDS = Clock()


def clock_of(times: Sequence[int], tick_s: Fraction, rates: Sequence[Fraction]) -> tuple[Fraction, Clock]:
    """The time of step 0, and the clock of pictures at `times`.

    Args:
        times: the ascending timestamps of all pictures, in ticks; at least one.
        tick_s: the tick of the container's clock.
        rates: the file's own pictures per second; the first rate whose grid fits is used.
    """
    gaps = [later - earlier for earlier, later in pairwise(times) if later > earlier]
    if not gaps:
        return times[0] * tick_s, Clock(tick_s)
    shared, usual = math.gcd(*gaps), statistics.median_low(gaps)
    if usual > shared:
        for rate in _candidates(times, tick_s, rates):
            stray_s = _stray_s(times, tick_s, shared, rate)
            if stray_s is not None:
                usual_steps = max(1, round(usual * tick_s * rate))
                return times[0] * tick_s + stray_s, Clock(1 / rate, usual_steps)
    return times[0] * tick_s, Clock(shared * tick_s, usual // shared)


def _candidates(times: Sequence[int], tick_s: Fraction, rates: Sequence[Fraction]) -> Iterator[Fraction]:
    yield from rates
    yield from STANDARD_RATES
    yield ((len(times) - 1) / ((times[-1] - times[0]) * tick_s)).limit_denominator(10_000)


def _stray_s(times: Sequence[int], tick_s: Fraction, shared: int, rate: Fraction) -> Fraction | None:
    """The first picture's offset on the grid of this rate; None if some pictures are too far from the grid.

    All times are multiples of `shared` ticks.
    """
    per_tick = rate * tick_s  # steps per tick, as a fraction: a step has `step` parts, a tick `part` parts
    part, step = per_tick.numerator, per_tick.denominator
    if part * shared * MIN_TICKS > step:
        return None
    half, first = step // 2, times[0]
    strays = [((time - first) * part + half) % step - half for time in times]
    low, high = min(strays), max(strays)
    tolerance = max(Fraction(2 * shared * part), COARSE_S * rate * step)
    if high - low > min(tolerance, MAX_SPREAD_STEPS * step):
        return None
    return Fraction(low + high, 2) / step / rate
