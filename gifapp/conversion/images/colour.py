"""Pixels as a screen shows them: upright, sRGB, RGB or RGBA."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms, ImageOps

_ORIENTATION = 0x0112
_SWAPS_SIDES = 5  # this orientation and those above it
_SRGB = ImageCms.createProfile("sRGB")
_MODES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}  # by ICC's names


def displayed(image: Image.Image) -> Image.Image:
    """The picture by its colour profile and its EXIF, RGB, or RGBA where it has any transparency data.

    Profiles are converted by LittleCMS with the perceptual intent; a broken one is ignored. `image` may be
    changed.
    """
    profile = image.info.get("icc_profile")
    if orientation(image) > 1:
        ImageOps.exif_transpose(image, in_place=True)
    if image.mode.startswith("I"):
        image = _eight_bits(image)
    alpha = _alpha(image)
    is_grey = image.mode in ("1", "L", "LA", "La")
    image = _in_srgb(image if image.mode == "CMYK" else in_mode(image, "L" if is_grey else "RGB"), profile)
    if alpha:
        image.putalpha(alpha)
    return image


def orientation(image: Image.Image) -> int:
    """As EXIF counts them, 1 to 8; 1 is upright."""
    image.info.pop("xmp", None)  # Pillow would look for the orientation there too, and browsers do not
    # asked for its EXIF, a PNG without any decodes itself
    return int(image.getexif().get(_ORIENTATION, 1)) if "exif" in image.info else 1


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Width and height once it is upright."""
    width_px, height_px = image.size
    return (height_px, width_px) if orientation(image) >= _SWAPS_SIDES else (width_px, height_px)


def _eight_bits(grey: Image.Image) -> Image.Image:
    # Pillow would show all above 255 as white
    levels = np.asarray(grey)
    eight = Image.fromarray((levels >> 8).astype(np.uint8))
    key = grey.info.get("transparency")
    if key is not None:
        eight.putalpha(Image.fromarray(np.where(levels == key, 0, 255).astype(np.uint8)))
    return eight


def _alpha(image: Image.Image) -> Image.Image | None:
    if not image.has_transparency_data:
        return None
    return image.getchannel("A") if "A" in image.getbands() else image.convert("RGBA").getchannel("A")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The picture, L, RGB or CMYK until now, as RGB."""
    mode, transform = _transform(profile) if profile else ("RGB", None)
    if not transform or mode not in (image.mode, "RGB"):
        return in_mode(image, "RGB")
    return ImageCms.applyTransform(in_mode(image, mode), transform) or image


@lru_cache(maxsize=8)  # the pictures of an animation share one
def _transform(profile: bytes) -> tuple[str, ImageCms.ImageCmsTransform | None]:
    """From pixels of a mode to sRGB; None: there is nothing to do, or the profile cannot be used."""
    try:
        source = ImageCms.getOpenProfile(io.BytesIO(profile))
        mode = _MODES[source.profile.xcolor_space]
        transform = ImageCms.buildTransform(source, _SRGB, mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, KeyError):
        return "RGB", None
    return mode, None if _changes_nothing(transform, mode) else transform


def _changes_nothing(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    """Whether it is sRGB itself, but for rounding."""
    if mode == "CMYK":
        return False
    levels = np.linspace(0, 255, 9).round().astype(np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(27, 27, 3)
    sample = Image.fromarray(colours).convert(mode)
    converted = ImageCms.applyTransform(sample, transform)
    return bool(np.abs(np.asarray(converted, int) - np.asarray(sample.convert("RGB"), int)).max() <= 1)


def in_mode(image: Image.Image, mode: str) -> Image.Image:
    """The picture in `mode`, without a copy of one that is: they may be large."""
    return image if image.mode == mode else image.convert(mode)
