"""Disconnects clients that send next to nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

LEAST_BYTES = 32 * 1024
"""In each window of 30 s: a line slower than 1 kB/s is none."""


class Pace:
    """Expects `LEAST_BYTES` of a body in every window, and hangs up when they do not come.

    What we take to store them is our own time: call `pause` before and `received` after that.
    """

    def __init__(self, window_s: float, hang_up: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._window_s = window_s
        self._hang_up = hang_up
        self._left_s = window_s
        self._came_bytes = 0
        self._resume()

    def pause(self) -> None:
        """Expect nothing for now."""
        self._timer.cancel()
        self._left_s = self._timer.when() - self._loop.time()

    def received(self, count: int) -> None:
        """Expect more."""
        self._came_bytes += count
        if self._came_bytes >= LEAST_BYTES:
            self._left_s, self._came_bytes = self._window_s, 0
        self._resume()

    def stop(self) -> None:
        """Expect nothing any more."""
        self._timer.cancel()

    def _resume(self) -> None:
        self._timer = self._loop.call_later(self._left_s, self._hang_up)
