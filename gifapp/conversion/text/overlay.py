"""Decodes the recipe's overlay, an untrusted picture, safely, and makes its layer."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image

from gifapp import errors
from gifapp.conversion.images import containers
from gifapp.conversion.images.colour import in_mode
from gifapp.conversion.images.compositor import composed
from gifapp.conversion.images.tiles import DAMAGE
from gifapp.conversion.text.layer import Layer
from gifapp.conversion.text.layout import margin_px, placed
from gifapp.domain.recipes.recipe import Overlay

MAX_PIXELS = 4096 * 4096


def overlay_layer(overlay: Overlay, width_px: int, height_px: int) -> Layer:
    """The layer of the overlay for frames of this size; an animation shows its first picture.

    Its width is `overlay.scale` times the frame's, or less if it would not fit the height.

    Raises:
        errors.RecipeInvalid: the picture is damaged or has more than `MAX_PIXELS`.
    """
    picture = _sized(_decoded(overlay.image), overlay.scale * width_px, height_px)
    pixels = np.array(picture)
    pixels[..., 3] = np.rint(pixels[..., 3] * overlay.opacity)
    corner = placed(
        overlay.position, picture.size, (width_px, height_px), margin_px=margin_px(width_px, height_px)
    )
    return Layer(lambda: pixels, *corner, part="overlay")


def _decoded(encoded: str) -> Image.Image:
    with _translating_damage():
        picture = containers.read(memoryview(base64.b64decode(encoded)))
        if any(width_px * height_px > MAX_PIXELS for width_px, height_px in picture.sizes()):
            raise _refused(f"has more than {MAX_PIXELS:,} pixels")
        return in_mode(next(composed(picture)), "RGBA")


def _sized(picture: Image.Image, width_px: float, highest_px: int) -> Image.Image:
    scale = min(width_px / picture.width, highest_px / picture.height)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3)


@contextmanager
def _translating_damage() -> Iterator[None]:
    try:
        yield
    except DAMAGE as failed:
        raise _refused("is damaged") from failed


def _refused(problem: str) -> errors.RecipeInvalid:
    return errors.RecipeInvalid(problems=f"overlay.image {problem}", fields={"overlay.image": problem})
