"""Converts a PNG's samples to pixels, in the colours that its chunks describe."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gifapp.conversion.images.colour import coloured, displayed
from gifapp.conversion.images.colour_profile import BT709, of_code_points, rgb_profile
from gifapp.conversion.images.readers.exif import UPRIGHT
from gifapp.conversion.images.readers.png_samples import Header, samples

Shared = Mapping[bytes, bytes | memoryview]  # chunks that apply to all frames, by name

_CICP_BYTES, _CHRM_BYTES = 4, 32
_SRGB_GAMMA = 45455  # written with sRGB images for old readers
_MAX_PROFILE_BYTES = 4_000_000
_INDEXED, _KEYED = 3, (0, 2)  # colour types


def decoded(
    header: Header, shared: Shared, parts: Iterable[bytes | memoryview], orientation: int = UPRIGHT
) -> Image.Image:
    """Decode the picture as RGB or RGBA.

    Raises:
        ValueError, zlib.error: it is damaged.
    """
    if header.colour_type == _INDEXED and b"PLTE" not in shared:
        raise ValueError("it has no palette")
    values = samples(header, parts)
    if header.colour_type == _INDEXED:
        image = coloured(values[..., 0], shared[b"PLTE"], shared.get(b"tRNS"))
    else:
        image = Image.fromarray(_pixels(values, header, _key(shared, header)))
    return displayed(image, _profile(shared), orientation)


def _pixels(values: NDArray[np.uint8 | np.uint16], header: Header, key: tuple[int, ...]) -> NDArray[np.uint8]:
    """The pixels in 8 bits; opaque grey has no third axis."""
    shown = _eight_bits(values, header.bits)
    if key:
        alpha = np.where((values == key).all(-1, keepdims=True), 0, 255).astype(np.uint8)
        shown = np.concatenate([shown, alpha], -1)
    return shown[..., 0] if shown.shape[2] == 1 else shown


def _eight_bits(values: NDArray[np.uint8 | np.uint16], bits: int) -> NDArray[np.uint8]:
    if bits == 16:
        return (values >> 8).astype(np.uint8)
    return values.astype(np.uint8, copy=False) * np.uint8(255 // (2**bits - 1))


def _key(shared: Shared, header: Header) -> tuple[int, ...]:
    """The transparent colour in the file's sample values, if any."""
    body = shared.get(b"tRNS", b"")
    if header.colour_type not in _KEYED or len(body) < 2 * header.channels:
        return ()
    return struct.unpack_from(f">{header.channels}H", body)


def _profile(shared: Shared) -> bytes | None:
    """The colour profile: from cICP, else iCCP, else gAMA and cHRM, which sRGB overrides."""
    if len(shared.get(b"cICP", b"")) == _CICP_BYTES:
        return of_code_points(*shared[b"cICP"][:2]) or _embedded(shared)
    if b"gAMA" not in shared or shared.keys() & {b"iCCP", b"sRGB"}:
        return _embedded(shared)
    gamma, chromaticities = int.from_bytes(shared[b"gAMA"], "big"), BT709
    if len(shared.get(b"cHRM", b"")) != _CHRM_BYTES:
        gamma = 0 if gamma == _SRGB_GAMMA else gamma
    else:
        numbers = struct.unpack(">8I", shared[b"cHRM"])
        chromaticities = [
            (x / 100_000, y / 100_000) for x, y in zip(numbers[::2], numbers[1::2], strict=True)
        ]
    return rgb_profile(chromaticities, (100_000 / gamma,)) if gamma else None


def _embedded(shared: Shared) -> bytes | None:
    """The embedded ICC profile, unless it is damaged or huge."""
    _, _, packed = bytes(shared.get(b"iCCP", b"")).partition(b"\0")
    inflating = zlib.decompressobj()
    try:
        profile = inflating.decompress(packed[1:], _MAX_PROFILE_BYTES)
    except zlib.error:
        return None
    return profile if inflating.eof else None
