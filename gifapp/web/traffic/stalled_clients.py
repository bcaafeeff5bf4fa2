"""Disconnects clients that send their bodies too slowly."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

MIN_BYTES = 32 * 1024
"""Per window of 30 s, so about 1 kB/s."""


class Pace:
    """Disconnects a client that sends less than `MIN_BYTES` of a body within a window.

    The time that we take to store a chunk does not count: call `pause` before and `received` after it.
    """

    def __init__(self, window_s: float, hang_up: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._window_s = window_s
        self._hang_up = hang_up
        self._left_s = window_s
        self._came_bytes = 0
        self._resume()

    def pause(self) -> None:
        """Stop the clock."""
        self._timer.cancel()
        self._left_s = self._timer.when() - self._loop.time()

    def received(self, count: int) -> None:
        """Count the bytes, and restart the clock."""
        self._came_bytes += count
        if self._came_bytes >= MIN_BYTES:
            self._left_s, self._came_bytes = self._window_s, 0
        self._resume()

    def stop(self) -> None:
        """Stop the clock for good."""
        self._timer.cancel()

    def _resume(self) -> None:
        self._timer = self._loop.call_later(self._left_s, self._hang_up)
