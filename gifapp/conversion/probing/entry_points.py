"""Finds the times at which the decoding of a video can begin, by seeking: an index may omit key frames."""

from __future__ import annotations

import time
from typing import Any

import av

_MAX_SEEKS = 500
_MIN_STEP_S = 2.0  # closer entries would save little
_BUDGET_S = 3.0


def entry_points(container: Any, number: int, *, start_s: float, duration_s: float) -> list[float] | None:
    """The times that evenly spaced seeks reach in the stream with this number, in seconds from `start_s`.

    `container` must be newly opened: whoever has read it knows all its key frames. None: it takes too long.
    """
    step_s = max(_MIN_STEP_S, duration_s / _MAX_SEEKS)
    end = time.monotonic() + _BUDGET_S
    reached = set()
    for seek in range(int(duration_s / step_s) + 1):
        if time.monotonic() > end:
            return None
        at_s = _reached_s(container, number, start_s + seek * step_s)
        if at_s is not None:
            reached.add(round(max(0.0, at_s - start_s), 3))
    return sorted(reached)


def _reached_s(container: Any, number: int, at_s: float) -> float | None:
    stream = container.streams[number]
    try:
        container.seek(round(at_s * av.time_base))
        packet = next((packet for packet in container.demux(stream) if packet.size), None)
    except av.FFmpegError:
        return None
    ticks = packet and (packet.dts if packet.pts is None else packet.pts)
    return None if ticks is None else float(ticks * stream.time_base)
