"""Converts frames from Python code (arrays, tensors, Pillow images, figures) to pixels."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from PIL import Image

from gifapp import errors
from gifapp.conversion.frame import Pixels
from gifapp.conversion.images.colour import displayed
from gifapp.conversion.intake import figures
from gifapp.conversion.intake.arrays import frames_in, is_array
from gifapp.conversion.intake.colouring import Colouring


def frames_of(source: Any, colouring: Colouring) -> Iterator[Pixels]:
    """The frames of an array, of anything convertible to one, or of an iterable of frames.

    Raises:
        errors.FramesInvalid: they cannot be used; also while iterating, for a single frame.
        errors.FieldInvalid: the colouring does not suit them.
    """
    colouring = colouring.ready()
    again = _iterable(source)
    frames = iter(again())
    if colouring.needs_extremes:
        if frames is source:
            problem = "must be set with vmin: frames that come one by one are not known in advance"
            raise errors.FieldInvalid(field="vmax", problem=problem)
        colouring = colouring.spanning(frames)
        frames = iter(again())
    return (pixels_of(frame, colouring) for frame in frames)


def _iterable(source: Any) -> Callable[[], Iterable[Any]]:
    """Returns the source's frames, each time from the first unless it is an iterator."""
    if is_array(source):
        return lambda: frames_in(source)
    try:
        iter(source)
    except TypeError:
        raise errors.FramesInvalid(problem=f"{type(source).__name__} is not a sequence of frames") from None
    return lambda: source


def pixels_of(frame: Any, colouring: Colouring | None = None) -> Pixels:
    """One frame, uint8 (height, width, 3 or 4).

    Raises:
        errors.FramesInvalid, errors.FieldInvalid: see `Colouring.pixels`.
    """
    if isinstance(frame, str | os.PathLike):
        advice = "pass the folder of the pictures, or open each with PIL.Image.open"
        raise errors.FramesInvalid(problem=f"one of them is the path {str(frame)!r}; {advice}")
    if figures.is_figure(frame):
        return figures.pixels_of_figure(frame)
    picture = _converted(frame) if isinstance(frame, Image.Image) else frame
    return (colouring or Colouring()).pixels(picture)


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
