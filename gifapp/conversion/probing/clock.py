"""The even grid of frame times that a container's coarse time stamps hide. Pure.

Matroska and FLV count milliseconds, MPEG 1/90000 s: 120 pictures a second come 8, 8 and 9 ms apart. Rates
that divide stay even only if pictures are counted, not milliseconds.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

COARSE_S = Fraction(1, 1000)  # whatever the container counts: its times may come from one that counts this
MOST_OF_A_STEP = Fraction(9, 20)  # how far apart pictures of a grid may stray from it
FEWEST_TICKS = 3  # in a step of a grid: on a finer one lies any time

LEAP_S = 10  # forwards, of MPEG streams: ffmpeg takes it for a new beginning

_WHOLE = (24, 25, 30, 48, 50, 60, 100, 120, 240)
_NTSC = (24, 30, 60, 120, 240)
STANDARD_RATES = (*map(Fraction, _WHOLE), *(Fraction(rate * 1000, 1001) for rate in _NTSC))


@dataclass(frozen=True)
class Clock:
    """The grid on which the time stamps of a stream lie; step 0 is its first picture.

    Attributes:
        step_s: between pictures that come at a constant rate, else the tick of the container's clock.
        usual_steps: from one picture to the next, as a rule.
        is_counted: no times are stored; pictures come one after the other, `usual_steps` apart.
        jumps: time stamps start anew or leap in mid-stream; the pictures follow each other all the same.
    """

    step_s: Fraction = Fraction(1, 1_000_000)
    usual_steps: int = 1
    is_counted: bool = False
    jumps: bool = False

    @property
    def is_absolute(self) -> bool:
        """Whether a picture's time stamp alone says when it shows."""
        return not (self.is_counted or self.jumps)


MICROSECONDS = Clock()


def clock_of(times: Sequence[int], tick_s: Fraction, rates: Sequence[Fraction]) -> tuple[Fraction, Clock]:
    """When step 0 is, and the clock of pictures at `times`: rising ticks of `tick_s`, at least one.

    Args:
        times: of all pictures.
        tick_s: of the container's clock.
        rates: pictures per second, as the file tells of them; the first whose grid fits is taken.
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
    """How late the first picture is on the grid of this rate; None where some lie too far from it.

    All times are multiples of `shared` ticks.
    """
    per_tick = rate * tick_s  # steps, as a fraction: `step` parts make one step, `part` parts one tick
    part, step = per_tick.numerator, per_tick.denominator
    if part * shared * FEWEST_TICKS > step:
        return None
    half, first = step // 2, times[0]
    strays = [((time - first) * part + half) % step - half for time in times]
    least, most = min(strays), max(strays)
    tolerance = max(Fraction(2 * shared * part), COARSE_S * rate * step)
    if most - least > min(tolerance, MOST_OF_A_STEP * step):
        return None
    return Fraction(least + most, 2) / step / rate
