"""A token bucket, for traffic that is counted in this process alone."""

from __future__ import annotations

import time
from collections.abc import Callable


class Bucket:
    """A token bucket: allows bursts of `size`, and `per_s` on average."""

    def __init__(self, size: float, per_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._size, self._per_s, self._clock = size, per_s, clock
        self._left, self._at_s = size, clock()

    def take(self, amount: float = 1) -> bool:
        now_s = self._clock()
        self._left = min(self._size, self._left + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        if self._left < amount:
            return False
        self._left -= amount
        return True
