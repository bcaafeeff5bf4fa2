"""LZW as GIF uses it: variable code sizes, clear codes, sub-blocks of at most 255 bytes.

Source: T. Welch, "A technique for high-performance data compression", IEEE Computer 17(6), 1984,
in the form of the GIF89a specification, appendix F.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gifapp.conversion.gif.kernels import inlined, kernel

MOST_CODES = 4096
SLOTS = 1 << 14


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
    table, state = np.zeros(SLOTS, np.uint32), np.array([0, 0, 1, 0])
    length = _compress(np.ascontiguousarray(indices).reshape(-1), bits, packed, table, state)
    return bytes([bits]) + packed[:length].tobytes() + b"\0"


@inlined
def slot_of(table, key):
    """The slot of this phrase in the table, or the free slot where it belongs.

    The table has `SLOTS` entries: a phrase's key (the code of its prefix and one more index), and its own
    code in the lower 12 bits; 0 if free.
    """
    slot = ((key * 0x9E3779B1) & 0xFFFFFFFF) >> 18
    while table[slot] != 0 and table[slot] >> 12 != key:
        slot = (slot + 1) & (SLOTS - 1)
    return slot


@inlined
def code_at(table, slot):
    return np.int64(table[slot] & 0xFFF)


@inlined
def _put(packed, state, code, size):
    """Append `size` bits; state: pending bits, their number, next byte, start of this sub-block."""
    state[0] |= code << state[1]
    state[1] += size
    while state[1] >= 8:
        packed[state[2]] = state[0] & 255
        state[0] >>= 8
        state[1] -= 8
        state[2] += 1
        if state[2] - state[3] == 256:
            _close_block(packed, state)


@inlined
def _close_block(packed, state):
    packed[state[3]] = state[2] - state[3] - 1
    state[3] = state[2]
    state[2] += 1


@kernel("i8(u1[::1], i8, u1[::1], u4[::1], i8[::1])")
def _compress(pixels, bits, packed, table, state):
    """Write sub-blocks to `packed`; returns their number of bytes."""
    clear = 1 << bits
    size, next_code = bits + 1, clear + 2
    _put(packed, state, clear, size)
    prefix = np.int64(pixels[0])
    for at in range(1, pixels.shape[0]):
        key = prefix << 8 | pixels[at]
        slot = slot_of(table, key)
        if table[slot] != 0:
            prefix = code_at(table, slot)
            continue
        _put(packed, state, prefix, size)
        prefix = np.int64(pixels[at])
        if next_code < MOST_CODES:
            table[slot] = key << 12 | next_code
            size += next_code == 1 << size
            next_code += 1
        else:
            _put(packed, state, clear, size)
            table[:] = 0
            size, next_code = bits + 1, clear + 2
    _put(packed, state, prefix, size)
    # the decoder has added a code for the one just sent, which may have increased its code size
    size += next_code == 1 << size and size < 12
    _put(packed, state, clear + 1, size)
    if state[1] > 0:
        _put(packed, state, 0, 8 - state[1])
    if state[2] - state[3] > 1:
        _close_block(packed, state)
    return state[3]
