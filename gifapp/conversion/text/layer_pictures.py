"""Draws a recipe's layers as PNGs, for pages that show them over the video themselves."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from gifapp.conversion.frame import Pixels
from gifapp.conversion.plan import Plan

# imported here so that a fork server has loaded them
from gifapp.conversion.text import captions, overlay  # noqa: F401
from gifapp.conversion.text.compositing import layers
from gifapp.conversion.text.layer import Layer
from gifapp.conversion.text.stamp import visible

MAX_DRAWN_PX = 16_000_000  # of all pictures; drawing and compressing them takes some 50 ns a pixel
_TOO_MANY = "The video shows only the first {} texts; the preview and the GIF show all {}."


@dataclass(frozen=True)
class LayerPicture:
    """A layer's visible part, in pixels of the GIF; `end_s` is None if it is shown until the end."""

    part: str
    start_s: float
    end_s: float | None
    x_px: int
    y_px: int
    width_px: int
    height_px: int
    png: bytes


def layer_pictures(plan: Plan, *, checkpoint: Callable[[], None]) -> tuple[list[LayerPicture], list[str]]:
    """The layers of the plan's recipe, bottom first, and notes about hidden ones.

    Those after the first `MAX_DRAWN_PX` are left out.

    Raises:
        errors.RecipeInvalid: see `compositing.layers`.
    """
    made, notes = layers(plan, checkpoint=checkpoint)
    pictures = [*_drawn(made, plan, checkpoint)]
    if len(pictures) < len(made):
        notes = [*notes, _TOO_MANY.format(len(pictures), len(made))]
    return [picture for picture in pictures if picture.png], notes


def _drawn(made: Iterable[Layer], plan: Plan, checkpoint: Callable[[], None]) -> Iterator[LayerPicture]:
    drawn_px = 0
    for layer in made:
        checkpoint()
        pixels, x_px, y_px = visible(layer, plan.width_px, plan.height_px)
        height_px, width_px = pixels.shape[:2]
        drawn_px += height_px * width_px
        if drawn_px > MAX_DRAWN_PX:
            return
        end_s = None if layer.end_s == math.inf else layer.end_s
        png = _png(pixels) if pixels.size else b""
        yield LayerPicture(layer.part, layer.start_s, end_s, x_px, y_px, width_px, height_px, png)


def _png(pixels: Pixels) -> bytes:
    png = BytesIO()
    Image.fromarray(pixels).save(png, "PNG", compress_level=1)
    return png.getvalue()
