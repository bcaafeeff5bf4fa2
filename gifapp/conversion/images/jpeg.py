"""JPEG files: photographs, some with a short video behind them."""

from __future__ import annotations

import io
from functools import partial

from PIL import Image

from gifapp.conversion.images.colour import displayed, upright_size
from gifapp.conversion.images.tiles import Animation, Tile

# XMP of Google's and Xiaomi's cameras, and what Samsung's write before the video
_CLIP_MARKS = (
    *(b'MotionPhoto="1"', b'MicroVideo="1"', b"MotionPhoto>1<", b"MicroVideo>1<"),
    b"MotionPhoto_Data",
)


def read(data: memoryview) -> Animation:
    """The photograph.

    Raises:
        one of `tiles.DAMAGE`
    """
    with _opened(data) as opened:
        width_px, height_px = upright_size(opened)
    tile = Tile(0, 0, width_px, height_px, partial(_decoded, data), may_have_alpha=False)
    return Animation(width_px, height_px, [tile], holds_clip=_holds_clip(bytes(data)))


def _holds_clip(data: bytes) -> bool:
    return b"ftyp" in data and any(mark in data for mark in _CLIP_MARKS)


def _opened(data: memoryview) -> Image.Image:
    return Image.open(io.BytesIO(data), formats=("JPEG",))


def _decoded(data: memoryview) -> Image.Image:
    with _opened(data) as opened:
        opened.load()
        return displayed(opened)
