"""LZW as GIF uses it: variable code sizes, clear codes, sub-blocks of at most 255 bytes.

Source: T. Welch, "A technique for high-performance data compression", IEEE Computer 17(6), 1984,
in the form of the GIF89a specification, appendix F.

A frame's codes are found before its colour table is known, usually while it is drawn. They are those for a
table of 256 colours; for a smaller one, all codes for more than one pixel move down.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gifapp.conversion.gif.native import library

Codes = NDArray[np.uint16]
"""From the first clear code to the end code."""

AS_THEY_ARE = np.arange(256, dtype=np.uint8)
_CLEARS_EVERY = 4096 - 258  # phrases, each of one pixel at least


def room_for(pixels: int) -> Codes:
    """An array for the codes of so many pixels, whatever they are."""
    return np.empty(pixels + pixels // _CLEARS_EVERY + 3, np.uint16)


def codes_of(indices: NDArray[np.uint8]) -> Codes:
    codes = room_for(indices.size)
    return codes[: library.find_phrases(indices.reshape(-1), indices.size, codes)]


def used(codes: Codes) -> NDArray[np.bool_]:
    """Which of 256 indices occur."""
    is_used = np.zeros(256, np.bool_)
    library.mark_used(codes, len(codes), is_used)
    return is_used


def packed(codes: Codes, colour_bits: int, numbers: NDArray[np.uint8]) -> bytes:
    """The image data of one frame: minimum code size, sub-blocks, terminator.

    Args:
        codes: as `codes_of` returns them.
        colour_bits: log2 of the colour table's length, 1 to 8.
        numbers: for each of 256 indices its place in that table.
    """
    bits = max(2, colour_bits)  # GIF's smallest code size
    max_bytes = len(codes) * 3 // 2  # at 12 bits each
    data = np.empty(max_bytes + 2 * (max_bytes // 255) + 16, np.uint8)
    length = library.pack(codes, len(codes), numbers, bits, data)
    return bytes([bits]) + data[:length].tobytes() + b"\0"
