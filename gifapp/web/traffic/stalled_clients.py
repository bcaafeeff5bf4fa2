"""Disconnects clients that send their bodies, or take their responses, too slowly."""

from __future__ import annotations

import asyncio
import fcntl
import struct
import termios
from collections.abc import Callable
from contextlib import suppress

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


class ReadingPace:
    """Disconnects a client that takes less than `MIN_BYTES` of what is waiting for it within a window.

    Call `begin` when something waits, and `stop` when nothing does. `taken_bytes` returns how much the client
    has taken so far.
    """

    def __init__(self, window_s: float, taken_bytes: Callable[[], int], hang_up: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._window_s = window_s
        self._taken_bytes = taken_bytes
        self._hang_up = hang_up
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Start the clock, unless it runs."""
        if self._timer is None:
            self._timer = self._loop.call_later(self._window_s, self._check, self._taken_bytes())

    def stop(self) -> None:
        """Stop the clock."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _check(self, taken_before: int) -> None:
        self._timer = None
        if self._taken_bytes() - taken_before < MIN_BYTES:
            self._hang_up()
        else:
            self.begin()


def unacknowledged_bytes(descriptor: int) -> int:
    """How much of what was sent is still in the kernel's buffer; 0 where the kernel does not say (macOS)."""
    with suppress(OSError):
        [waiting] = struct.unpack("i", fcntl.ioctl(descriptor, termios.TIOCOUTQ, bytes(4)))
        return int(waiting)
    return 0
