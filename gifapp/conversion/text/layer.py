"""A picture that lies on the frames for a while."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from gifapp.conversion.frame import Pixels

ROUNDING_S = 0.005  # a GIF counts in hundredths of a second


@dataclass(frozen=True)
class Layer:
    """A picture that lies on the frames shown from `start_s` until `end_s` of the GIF.

    Attributes:
        paint: makes the picture when it is first shown: uint8 (height, width, 4), straight alpha.
        x_px, y_px: where its upper left corner lies; what is outside of the frame is not shown.
    """

    paint: Callable[[], Pixels]
    x_px: int
    y_px: int
    start_s: float = 0.0
    end_s: float = math.inf

    def shows_on(self, begin_s: float) -> bool:
        """Whether it shows on a frame that begins then."""
        return self.start_s - ROUNDING_S <= begin_s < self.end_s - ROUNDING_S
