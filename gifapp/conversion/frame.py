"""The frame that is passed from stage to stage."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""uint8 (height, width, 3) RGB or (height, width, 4) RGBA with straight alpha."""


class Frame(NamedTuple):
    """A picture and how long it stays. One clip is all RGB or all RGBA, of one size."""

    pixels: Pixels
    delay_cs: int
