"""The frame passed between stages."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""uint8 (height, width, 3) RGB or (height, width, 4) RGBA with straight alpha."""


class Frame(NamedTuple):
    """Pixels and a delay. All frames of a clip have one size and are all RGB or all RGBA."""

    pixels: Pixels
    delay_cs: int
