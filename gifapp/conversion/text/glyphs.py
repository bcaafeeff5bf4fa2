"""Draws lines of glyphs: filled, outlined, emoji in colour."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from typing import NamedTuple

import numpy as np
import uharfbuzz as hb
from numpy.typing import NDArray
from PIL import Image, ImageChops

from gifapp.conversion.frame import Pixels
from gifapp.conversion.text.fonts import EM, Typeface
from gifapp.conversion.text.typesetting import Block, Glyph

FURTHEST_PX = 2  # growth of an outline per step, whose cost is quadratic
Mask = NDArray[np.uint8]


def overhang_px(block: Block) -> int:
    """How far the picture extends beyond the block on every side, since letters may exceed their box."""
    return math.ceil(block.size_px / 2)


def drawn(
    block: Block, *, colour: str, outline: str | None, align: float, checkpoint: Callable[[], None]
) -> Pixels:
    """The block as RGBA with straight alpha, `overhang_px` larger on every side.

    Args:
        block: what to draw.
        colour: the letters' colour, as #rrggbb.
        outline: the outline's colour; None for no outline.
        align: alignment of lines shorter than the longest: 0 left, 0.5 centre, 1 right.
        checkpoint: called repeatedly while large letters are drawn; if it raises, drawing ends.
    """
    over_px = overhang_px(block)
    canvas = _Canvas(block.width_px + 2 * over_px, block.height_px + 2 * over_px, checkpoint)
    canvas.write(_placed(block, over_px, align), block.size_px)
    return canvas.finished(colour, outline, block.outline_px)


class _Placed(NamedTuple):
    """A glyph and its position on the canvas; y grows downwards."""

    glyph: Glyph
    x_px: float
    y_px: float


def _placed(block: Block, over_px: int, align: float) -> Iterator[_Placed]:
    size_px = block.size_px
    for line, y_px in zip(block.lines, _baselines_px(block, over_px), strict=True):
        free_px = block.width_px - 2 * block.outline_px - line.width_em * size_px
        x_px = over_px + block.outline_px + align * free_px
        for glyph in line.glyphs:
            yield _Placed(glyph, x_px + glyph.x_em * size_px, y_px - glyph.y_em * size_px)


def _baselines_px(block: Block, over_px: int) -> list[int]:
    baselines_px, top_px = [], over_px + block.outline_px
    for line in block.lines:
        baselines_px.append(round(top_px + line.ascent_em * block.size_px))
        top_px += line.height_em * block.size_px
    return baselines_px


class _Canvas:
    def __init__(self, width_px: int, height_px: int, checkpoint: Callable[[], None]) -> None:
        self._letters = Image.new("L", (width_px, height_px))
        self._emoji = Image.new("RGBA", (width_px, height_px))
        self._checkpoint = checkpoint

    def write(self, placed: Iterable[_Placed], size_px: float) -> None:
        """Draw all glyphs of each typeface at once: rendering the canvas for each run would be slow."""
        by_typeface: dict[Typeface, list[_Placed]] = {}
        for item in placed:
            by_typeface.setdefault(item.glyph.typeface, []).append(item)
        for typeface, glyphs in by_typeface.items():
            self._checkpoint()
            self._take(self._rendered(typeface, glyphs, size_px / EM))

    def _rendered(self, typeface: Typeface, placed: list[_Placed], scale: float) -> hb.RasterImage:
        width_px, height_px = self._letters.size
        pen = hb.RasterPaint() if typeface.is_coloured else hb.RasterDraw()
        pen.extents = hb.RasterExtents(0, 0, width_px, height_px, 0)
        draw = pen.paint_glyph if typeface.is_coloured else pen.draw_glyph
        for glyph, x_px, y_px in placed:
            pen.transform = (scale, 0, 0, scale, x_px, height_px - y_px)
            draw(typeface.font, glyph.number)
        return pen.render()

    def _take(self, image: hb.RasterImage) -> None:
        """Add an image of HarfBuzz's, whose rows go upwards and whose colours are premultiplied."""
        size, rows = self._letters.size, (image.extents.stride, -1)
        if image.format == hb.RasterFormat.A8:
            piece = Image.frombuffer("L", size, image.buffer, "raw", "L", *rows)
            self._letters = ImageChops.lighter(self._letters, piece)
        else:
            piece = Image.frombuffer("RGBA", size, image.buffer, "raw", "BGRa", *rows)
            self._emoji = Image.alpha_composite(self._emoji, piece)

    def finished(self, colour: str, outline: str | None, outline_px: float) -> Pixels:
        """The picture: emoji over letters over their outline."""
        picture = _filled(colour, self._letters)
        if outline is not None:
            grown = Image.fromarray(_grown(np.asarray(self._letters), outline_px, self._checkpoint))
            picture = Image.alpha_composite(_filled(outline, grown), picture)
        return np.asarray(Image.alpha_composite(picture, self._emoji))


def _filled(colour: str, mask: Image.Image) -> Image.Image:
    picture = Image.new("RGBA", mask.size, colour)
    picture.putalpha(mask)
    return picture


def _grown(mask: Mask, radius_px: float, checkpoint: Callable[[], None]) -> Mask:
    """Dilate the mask by `radius_px`, in steps: dilating a disc by a disc gives a larger disc."""
    while radius_px > 0:
        checkpoint()
        mask = _grown_once(mask, min(radius_px, FURTHEST_PX))
        radius_px -= FURTHEST_PX
    return mask


def _grown_once(mask: Mask, radius_px: float) -> Mask:
    reach = math.ceil(radius_px)
    height, width = mask.shape
    padded, grown = np.pad(mask, reach), mask
    for share, offsets in _disc(radius_px).items():
        seen = np.zeros_like(mask)
        for down, across in offsets:
            np.maximum(seen, padded[reach + down :, reach + across :][:height, :width], out=seen)
        shaded = (np.arange(256) * share >> 8).astype(np.uint8)
        grown = np.maximum(grown, shaded[seen] if share < 256 else seen)
    return grown


def _disc(radius_px: float) -> dict[int, list[tuple[int, int]]]:
    """The pixel offsets of a disc (down, across), grouped by coverage in 256ths."""
    reach = math.ceil(radius_px)
    offsets: dict[int, list[tuple[int, int]]] = {}
    for down, across in product(range(-reach, reach + 1), repeat=2):
        share = round(256 * min(1.0, max(0.0, radius_px + 1 - math.hypot(across, down))))
        offsets.setdefault(share, []).append((down, across))
    return offsets
