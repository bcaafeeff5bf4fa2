"""Exponential back-off: the delay doubles after each failure, up to a maximum."""

from __future__ import annotations

import time
from dataclasses import dataclass

_MAX_DOUBLINGS = 64  # more would overflow


@dataclass(frozen=True)
class Backoff:
    """The delay after the first failure, and the maximum."""

    first_s: float
    longest_s: float

    def delay_s(self, failures: int) -> float:
        """The delay after this many failures in a row; 0 without any."""
        if failures == 0:
            return 0.0
        return min(self.longest_s, self.first_s * 2.0 ** min(failures - 1, _MAX_DOUBLINGS))


class RestartDelay:
    """Decides when a dead process restarts: at once, or after a back-off if it keeps dying early.

    Attributes:
        young_deaths: how many times in a row the process died within `young_s` of its start.
    """

    def __init__(self, backoff: Backoff, *, young_s: float) -> None:
        self._backoff = backoff
        self._young_s = young_s
        self._start_at = 0.0
        self.young_deaths = 0

    def note_death(self, *, age_s: float) -> float:
        """Record a death and return the delay before the restart, in seconds."""
        self.young_deaths = self.young_deaths + 1 if age_s < self._young_s else 0
        delay_s = self._backoff.delay_s(self.young_deaths)
        self._start_at = time.monotonic() + delay_s
        return delay_s

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self._start_at
