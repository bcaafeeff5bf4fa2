"""A picture composited onto frames for some time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from gifapp.conversion.frame import Pixels

ROUNDING_S = 0.005  # half a centisecond, a GIF's unit of time


@dataclass(frozen=True)
class Layer:
    """A picture composited onto the GIF's frames from `start_s` until `end_s`.

    Attributes:
        paint: makes the picture on first use: uint8 (height, width, 4), straight alpha.
        x_px, y_px: its upper left corner; parts outside the frame are clipped.
        part: the part of the recipe that it shows: `overlay`, `captions.0` or `subtitles`.
    """

    paint: Callable[[], Pixels]
    x_px: int
    y_px: int
    start_s: float = 0.0
    end_s: float = math.inf
    part: str = ""

    def has_begun(self, begin_s: float) -> bool:
        """Whether it is visible on a frame that begins at `begin_s`, unless it has ended."""
        return self.start_s - ROUNDING_S <= begin_s

    def shows_on(self, begin_s: float) -> bool:
        """Whether it is visible on a frame that begins at `begin_s`."""
        return self.has_begun(begin_s) and begin_s < self.end_s - ROUNDING_S
