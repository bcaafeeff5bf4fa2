"""Converts frames from Python code (arrays, tensors, Pillow images) to pixels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gifapp import errors
from gifapp.conversion.images.colour import displayed
from gifapp.conversion.intake.lossless import Pixels


def frames_of(source: Any) -> Iterator[Pixels]:
    """The frames of an array, of anything convertible to one, or of an iterable of frames.

    Raises:
        errors.FramesInvalid: they cannot be used; also while iterating, for a single frame.
    """
    if hasattr(source, "__array__"):
        source = _array(source)
        if source.ndim not in (3, 4) or (source.ndim == 3 and source.shape[2] in (3, 4)):
            expected = "(frames, height, width) with 3 or 4 channels after it"
            raise errors.FramesInvalid(problem=f"the shape is {source.shape}, not {expected}")
    try:
        frames = iter(source)
    except TypeError:
        raise errors.FramesInvalid(problem=f"{type(source).__name__} is not a sequence of frames") from None
    return map(pixels_of, frames)


def pixels_of(frame: Any) -> Pixels:
    """One frame, uint8 (height, width, 3 or 4).

    Raises:
        errors.FramesInvalid
    """
    array = _array(_converted(frame) if isinstance(frame, Image.Image) else frame)
    if array.dtype != np.uint8:
        what = f"their numbers are {array.dtype}, not uint8 from 0 to 255"
        raise errors.FramesInvalid(problem=f"{what}; scale them and convert them with astype('uint8')")
    if array.ndim == 2:
        array = array[..., np.newaxis]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or 0 in array.shape:
        raise errors.FramesInvalid(
            problem=f"the shape of one is {array.shape}, not (height, width) with 3 or 4 channels after it"
        )
    return np.repeat(array, 3, axis=2) if array.shape[2] == 1 else array


def _converted(image: Image.Image) -> Image.Image:
    """The image in sRGB, as RGB or RGBA; its EXIF, which is stale after a rotation in code, is ignored."""
    if image.mode == "F":
        problem = "an image of mode F has no white of its own; scale it to 0 to 255 and convert it to mode L"
        raise errors.FramesInvalid(problem=problem)
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I"):
        image = _eight_bits(image)
    return displayed(image.convert(_mode(image)), profile)


def _mode(image: Image.Image) -> str:
    """The nearest mode that colour profiles apply to, keeping transparency."""
    if image.mode in ("CMYK", "La"):
        return image.mode.replace("a", "A")
    grey = "L" if image.mode in ("1", "L", "LA") else "RGB"
    return grey + "A" * image.has_transparency_data


def _eight_bits(image: Image.Image) -> Image.Image:
    """Convert 16-bit grey to 8 bits; Pillow would clip values above 255 to white."""
    _check_levels(image)
    levels = np.asarray(image)
    shown = Image.fromarray((levels >> 8).astype(np.uint8))
    key = image.info.get("transparency")
    if key is not None:
        shown.putalpha(Image.fromarray(np.where(levels == key, 0, 255).astype(np.uint8)))
    return shown


def _check_levels(image: Image.Image) -> None:
    levels = np.asarray(image)
    if levels.min(initial=0) < 0 or levels.max(initial=0) > 0xFFFF:
        problem = f"an image of mode {image.mode} goes from {levels.min()} to {levels.max()}, not 0 to 65535"
        raise errors.FramesInvalid(problem=problem)


def _array(value: Any) -> NDArray[Any]:
    if np.ma.is_masked(value):
        raise errors.FramesInvalid(problem="some of their pixels are masked; fill them with filled(0)")
    try:
        return np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as refused:  # a tensor on a graphics card, a ragged list
        raise errors.FramesInvalid(problem=f"NumPy cannot read them ({refused})") from None
