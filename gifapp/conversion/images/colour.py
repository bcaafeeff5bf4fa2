"""Converts pixels for display: upright, in sRGB, as RGB or RGBA."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from gifapp.conversion.images.readers.exif import UPRIGHT, upright

_SRGB = ImageCms.createProfile("sRGB")
_MODES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}  # by ICC's names


def displayed(image: Image.Image, profile: bytes | None, orientation: int = UPRIGHT) -> Image.Image:
    """Turn a picture (L, LA, RGB, RGBA or CMYK) upright and convert it by its profile to RGB or RGBA.

    Profiles are converted by LittleCMS with perceptual intent; a broken one is ignored.
    """
    image = upright(image, orientation)
    alpha = image.getchannel("A") if "A" in image.getbands() else None
    shown = _in_srgb(image if alpha is None else image.convert(image.mode[:-1]), profile)
    if alpha:
        shown.putalpha(alpha)
    return shown


def coloured(
    indices: NDArray[np.uint8 | np.uint16], colours: bytes | memoryview, alphas: bytes | memoryview | None
) -> Image.Image:
    """Look up indices as RGB, or RGBA with `alphas`; indices beyond the table are opaque black."""
    image = Image.fromarray(indices.astype(np.uint8))
    table = np.zeros((256, 4), np.uint8)
    table[:, :3] = np.frombuffer(bytes(colours[:768]).ljust(768, b"\0"), np.uint8).reshape(256, 3)
    table[:, 3] = np.frombuffer(bytes((alphas or b"")[:256]).ljust(256, b"\xff"), np.uint8)
    image.putpalette(table.tobytes(), "RGBA")
    return image.convert("RGB" if alphas is None else "RGBA")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert a picture (L, RGB or CMYK) to RGB in sRGB."""
    mode, transform = _transform(profile) if profile else ("RGB", None)
    if not transform or mode not in (image.mode, "RGB"):
        return in_mode(image, "RGB")
    return ImageCms.applyTransform(in_mode(image, mode), transform) or image


@lru_cache(maxsize=8)  # the pictures of an animation share one
def _transform(profile: bytes) -> tuple[str, ImageCms.ImageCmsTransform | None]:
    """The input mode and the transform to sRGB; None if it changes nothing or the profile is unusable."""
    try:
        source = ImageCms.getOpenProfile(io.BytesIO(profile))
        mode = _MODES[source.profile.xcolor_space]
        transform = ImageCms.buildTransform(source, _SRGB, mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, KeyError):
        return "RGB", None
    return mode, None if _changes_nothing(transform, mode) else transform


def _changes_nothing(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    """Whether the profile is sRGB, apart from rounding."""
    if mode == "CMYK":
        return False
    levels = np.linspace(0, 255, 9).round().astype(np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(27, 27, 3)
    sample = Image.fromarray(colours).convert(mode)
    converted = ImageCms.applyTransform(sample, transform)
    return bool(np.abs(np.asarray(converted, int) - np.asarray(sample.convert("RGB"), int)).max() <= 1)


def in_mode(image: Image.Image, mode: str) -> Image.Image:
    """The picture in `mode`; not copied if it already is, since pictures may be large."""
    return image if image.mode == mode else image.convert(mode)
