"""Lines of glyphs to a picture: filled, outlined, emoji in their own colours."""

from __future__ import annotations

import math
from itertools import groupby

import numpy as np
import uharfbuzz as hb
from numpy.typing import NDArray

from gifapp.conversion.fonts import EM
from gifapp.conversion.frame import Pixels
from gifapp.conversion.typesetting import Block, Glyph

FURTHEST_PX = 2  # that an outline grows at once: the work is the square of it
Mask = NDArray[np.uint8]
Ink = NDArray[np.float32]
"""Premultiplied red, green, blue and alpha, from 0 to 1."""


def overhang_px(block: Block) -> int:
    """How much larger than the block its picture is on every side: letters may reach out of their box."""
    return math.ceil(block.size_px / 2)


def drawn(block: Block, *, colour: str, outline: str | None, align: float) -> Pixels:
    """The block as RGBA with straight alpha, `overhang_px` larger on every side.

    Args:
        block: what to draw.
        colour: of the letters, as #rrggbb.
        outline: its colour; None leaves the letters alone.
        align: where lines stand that are shorter than the longest: 0 left, 0.5 in the middle, 1 right.
    """
    over_px = overhang_px(block)
    canvas = _Canvas(block.width_px + 2 * over_px, block.height_px + 2 * over_px)
    for line, y_px in zip(block.lines, _baselines_px(block, over_px), strict=True):
        free_px = block.width_px - 2 * block.outline_px - line.width_em * block.size_px
        canvas.write(line.glyphs, over_px + block.outline_px + align * free_px, y_px, block.size_px)
    return canvas.finished(_rgb(colour), _rgb(outline) if outline else None, block.outline_px)


def _baselines_px(block: Block, over_px: int) -> list[int]:
    found, top_px = [], over_px + block.outline_px
    for line in block.lines:
        found.append(round(top_px + line.ascent_em * block.size_px))
        top_px += line.height_em * block.size_px
    return found


class _Canvas:
    def __init__(self, width_px: int, height_px: int) -> None:
        self._letters: Mask = np.zeros((height_px, width_px), np.uint8)
        self._emoji: Ink = np.zeros((height_px, width_px, 4), np.float32)

    def write(self, glyphs: tuple[Glyph, ...], x_px: float, y_px: float, size_px: float) -> None:
        for typeface, run in groupby(glyphs, lambda glyph: glyph.typeface):
            pen = hb.RasterPaint() if typeface.is_coloured else hb.RasterDraw()
            height_px, width_px = self._letters.shape
            pen.extents = hb.RasterExtents(0, 0, width_px, height_px, 0)
            scale = size_px / EM
            draw = pen.paint_glyph if typeface.is_coloured else pen.draw_glyph
            for glyph in run:
                x, y = x_px + glyph.x_em * size_px, height_px - y_px + glyph.y_em * size_px
                pen.transform = (scale, 0, 0, scale, x, y)
                draw(typeface.font, glyph.number)
            self._take(pen.render())

    def _take(self, image: hb.RasterImage) -> None:
        """HarfBuzz's rows go upwards; its colours are BGRA, premultiplied."""
        extents = image.extents
        rows = np.frombuffer(image.buffer, np.uint8).reshape(extents.height, extents.stride)[::-1]
        if image.format == hb.RasterFormat.A8:
            np.maximum(self._letters, rows[:, : extents.width], out=self._letters)
        else:
            bgra = rows.reshape(extents.height, -1, 4)[:, : extents.width]
            self._emoji = _over(bgra[..., (2, 1, 0, 3)].astype(np.float32) / np.float32(255), self._emoji)

    def finished(self, colour: Ink, outline: Ink | None, outline_px: float) -> Pixels:
        """Emoji over letters over their outline."""
        ink = _painted(self._letters, colour)
        if outline is not None:
            ink = _over(ink, _painted(_grown(self._letters, outline_px), outline))
        return _straight(_over(self._emoji, ink))


def _rgb(colour: str) -> Ink:
    return np.array([*bytes.fromhex(colour[1:])], np.float32) / np.float32(255)


def _painted(mask: Mask, colour: Ink) -> Ink:
    alpha = mask[..., None].astype(np.float32) / np.float32(255)
    return np.concatenate([alpha * colour, alpha], axis=2)


def _over(upper: Ink, lower: Ink) -> Ink:
    return upper + lower * (1 - upper[..., 3:])


def _straight(ink: Ink) -> Pixels:
    alpha = ink[..., 3:]
    colours: Ink = np.divide(ink[..., :3], alpha, out=np.zeros_like(ink[..., :3]), where=alpha > 0)
    rgba = np.concatenate([colours, alpha], axis=2)
    return np.asarray(np.rint(rgba.clip(0, 1) * 255), np.uint8)


def _grown(mask: Mask, radius_px: float) -> Mask:
    """The mask and all that is within `radius_px` of it: discs grown by discs are larger discs."""
    while radius_px > 0:
        mask = _grown_once(mask, min(radius_px, FURTHEST_PX))
        radius_px -= FURTHEST_PX
    return mask


def _grown_once(mask: Mask, radius_px: float) -> Mask:
    reach = math.ceil(radius_px)
    height, width = mask.shape
    padded: NDArray[np.uint16] = np.pad(mask, reach).astype(np.uint16)
    grown: NDArray[np.uint16] = mask.astype(np.uint16)
    for down in range(-reach, reach + 1):
        for across in range(-reach, reach + 1):
            share = round(256 * min(1.0, max(0.0, radius_px + 1 - math.hypot(across, down))))
            if share:
                seen = padded[reach + down :, reach + across :][:height, :width]
                grown = np.maximum(grown, seen * np.uint16(share) >> 8)
    return np.asarray(grown, np.uint8)
