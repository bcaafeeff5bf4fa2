"""Builds ICC profiles for colour spaces that a file describes by numbers.

Source: ICC.1:2022, chapters 8 to 10; ITU-T H.273, tables 2 and 3.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

Chromaticities = Sequence[tuple[float, float]]  # x, y of white, red, green, blue
Curve = Sequence[float]  # of ICC's "para": g; or g, a, b, c, d

_D65, _C = (0.3127, 0.3290), (0.310, 0.316)
_D50_XYZ = np.array((0.9642, 1.0, 0.8249))
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])

SRGB_CURVE: Curve = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
BT709: Chromaticities = (_D65, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))

_PRIMARIES: dict[int, Chromaticities] = {
    1: BT709,
    4: (_C, (0.67, 0.33), (0.21, 0.71), (0.14, 0.08)),
    5: (_D65, (0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
    6: (_D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    7: (_D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    9: (_D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    11: ((0.314, 0.351), (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    12: (_D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
# BT.709's curve is for cameras; browsers show it with sRGB's
_CURVES: dict[int, Curve] = {
    **dict.fromkeys((1, 6, 13, 14, 15), SRGB_CURVE),
    4: (2.2,),
    5: (2.8,),
    8: (1.0,),
}


def of_code_points(primaries: int, transfer: int) -> bytes | None:
    """The profile for H.273 code points; None if they are unknown or HDR."""
    if primaries not in _PRIMARIES or transfer not in _CURVES:
        return None
    return rgb_profile(_PRIMARIES[primaries], _CURVES[transfer])


def rgb_profile(chromaticities: Chromaticities, curve: Curve) -> bytes | None:
    """A version 4 matrix profile with one curve for all channels; None if the chromaticities are invalid."""
    try:
        colorants = _adapted(chromaticities)
    except (np.linalg.LinAlgError, ZeroDivisionError):
        return None
    form = struct.pack(">4s4xHH", b"para", 3 if len(curve) > 1 else 0, 0) + _fixed(curve)
    tags = {b"wtpt": b"XYZ \0\0\0\0" + _fixed(_D50_XYZ)}
    for name, colorant in zip((b"r", b"g", b"b"), colorants.T, strict=True):
        tags |= {name + b"XYZ": b"XYZ \0\0\0\0" + _fixed(colorant), name + b"TRC": form}
    return _written(tags)


def _adapted(chromaticities: Chromaticities) -> np.ndarray:
    """XYZ of red, green and blue as columns, adapted to D50 by Bradford's method."""
    white, *colours = ((x / y, 1.0, (1 - x - y) / y) for x, y in chromaticities)
    matrix = np.array(colours).T
    matrix = matrix * np.linalg.solve(matrix, np.array(white))
    cones = _BRADFORD @ _D50_XYZ / (_BRADFORD @ np.array(white))
    adapted: np.ndarray = np.linalg.inv(_BRADFORD) @ np.diag(cones) @ _BRADFORD @ matrix
    return adapted


def _written(tags: dict[bytes, bytes]) -> bytes:
    text = struct.pack(">4s4x2I4s2I", b"mluc", 1, 12, b"enUS", 2, 28) + b"\0?\0\0"
    tags = {b"desc": text, b"cprt": text, **tags}
    table, bodies, start = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, body in tags.items():
        table += struct.pack(">4s2I", name, start + len(bodies), len(body))
        bodies += body
    size = 128 + len(table) + len(bodies)
    header = struct.pack(">I4x4B12s12x4s", size, 4, 0x40, 0, 0, b"mntrRGB XYZ ", b"acsp").ljust(68, b"\0")
    return (header + _fixed(_D50_XYZ)).ljust(128, b"\0") + table + bodies


def _fixed(numbers: Sequence[float] | np.ndarray) -> bytes:
    """As s15Fixed16Number."""
    return b"".join(struct.pack(">i", round(float(number) * 65536)) for number in numbers)
