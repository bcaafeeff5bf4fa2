"""LZW as GIF uses it: variable code sizes, clear codes, sub-blocks of at most 255 bytes.

Source: T. Welch, "A technique for high-performance data compression", IEEE Computer 17(6), 1984,
in the form of the GIF89a specification, appendix F.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gifapp.conversion.gif.native import library


def compress(indices: NDArray[np.uint8], colour_bits: int) -> bytes:
    """The image data of one frame: minimum code size, sub-blocks, terminator.

    Args:
        indices: uint8 (height, width), each below `1 << colour_bits`; any strides along rows.
        colour_bits: log2 of the colour table's length, 1 to 8.
    """
    bits = max(2, colour_bits)  # GIF's smallest code size
    # codes have at most 12 bits; a clear code comes at most every 4094 - 258 pixels
    room = indices.size * 3 // 2 + indices.size // 1024 + 64
    packed = np.empty(room + room // 255 + 2, np.uint8)
    length = library.compress(np.ascontiguousarray(indices).reshape(-1), indices.size, bits, packed)
    return bytes([bits]) + packed[:length].tobytes() + b"\0"
