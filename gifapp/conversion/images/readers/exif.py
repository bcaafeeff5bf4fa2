"""Reads EXIF orientation and turns pictures upright.

Source: EXIF 2.32, chapter 4.6; TIFF 6.0, section 2.
"""

from __future__ import annotations

import struct

from PIL import Image

UPRIGHT = 1
_ORIENTATION, _SHORT = 0x0112, 3
_BYTE_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_ENTRY_BYTES = 12
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def orientation(exif: bytes | memoryview) -> int:
    """The orientation, 1 to 8; 1 (upright) if it is missing or damaged."""
    order = _BYTE_ORDERS.get(bytes(exif[:4]))
    if order is None or len(exif) < 8:
        return UPRIGHT
    (start,) = struct.unpack_from(f"{order}I", exif, 4)
    if start + 2 > len(exif):
        return UPRIGHT
    (entries,) = struct.unpack_from(f"{order}H", exif, start)
    places = range(
        start + 2, min(start + 2 + _ENTRY_BYTES * entries, len(exif) - _ENTRY_BYTES + 1), _ENTRY_BYTES
    )
    for place in places:
        tag, kind, _, number = struct.unpack_from(f"{order}HHIH", exif, place)
        if tag == _ORIENTATION:
            return number if kind == _SHORT and number in _TURNS else UPRIGHT
    return UPRIGHT


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """The picture turned upright."""
    return image.transpose(_TURNS[orientation]) if orientation in _TURNS else image


def upright_size(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    """Width and height after turning upright."""
    return (size[1], size[0]) if orientation >= 5 else size
