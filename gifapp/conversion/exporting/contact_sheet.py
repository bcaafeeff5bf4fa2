"""Draws a contact sheet: all frames in rows, each with its number and its delay."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from gifapp.conversion.frame import Frame, Pixels
from gifapp.conversion.text.fonts import FOLDER, LETTERS

MAX_SIDE_PX = 4096
_MAX_TILE_PX = 320
_GAP_PX = 8
_LABEL_PX = 20
_LABEL_WIDTH_PX = 96  # of the longest: 999 · 655350 ms
_MAX_COLUMNS = MAX_SIDE_PX // (_LABEL_WIDTH_PX + 2 * _GAP_PX)
_MAX_ROWS = MAX_SIDE_PX // (2 * _GAP_PX + _LABEL_PX)
_SHAPE = 4 / 3  # of the sheet
_GROUND, _INK = (255, 255, 255), (40, 40, 40)


@dataclass(frozen=True)
class Layout:
    """Where the frames are on a sheet; sizes in pixels."""

    columns: int
    rows: int
    tile_width_px: int
    tile_height_px: int

    @property
    def column_px(self) -> int:
        """The width of a column, which has room for a label even if the tiles are narrower."""
        return max(self.tile_width_px, _LABEL_WIDTH_PX)

    @property
    def width_px(self) -> int:
        return self.columns * (self.column_px + _GAP_PX) + _GAP_PX

    @property
    def height_px(self) -> int:
        return self.rows * (self.tile_height_px + _LABEL_PX + _GAP_PX) + _GAP_PX

    def corner_px(self, number: int) -> tuple[int, int]:
        """The upper left corner of a frame."""
        row, column = divmod(number, self.columns)
        return (
            _GAP_PX + column * (self.column_px + _GAP_PX),
            _GAP_PX + row * (self.tile_height_px + _LABEL_PX + _GAP_PX),
        )


def layout(count: int, width_px: int, height_px: int) -> Layout:
    """The layout of `count` frames of this size on a sheet of about 4:3, within `MAX_SIDE_PX` each way."""
    wanted = round(math.sqrt(count * height_px / width_px * _SHAPE))
    columns = min(count, _MAX_COLUMNS, max(1, wanted, -(-count // _MAX_ROWS)))
    rows = -(-count // columns)
    scale = min(
        1.0,
        _MAX_TILE_PX / max(width_px, height_px),
        ((MAX_SIDE_PX - _GAP_PX) / columns - _GAP_PX) / width_px,
        ((MAX_SIDE_PX - _GAP_PX) / rows - _GAP_PX - _LABEL_PX) / height_px,
    )
    return Layout(columns, rows, max(1, int(width_px * scale)), max(1, int(height_px * scale)))


def contact_sheet(frames: Iterable[Frame], count: int, width_px: int, height_px: int) -> Pixels:
    """A sheet of `count` frames of this size, RGB; transparent parts are white."""
    places = layout(count, width_px, height_px)
    sheet = Image.new("RGB", (places.width_px, places.height_px), _GROUND)
    draw, font = ImageDraw.Draw(sheet), ImageFont.truetype(FOLDER / LETTERS, 12)
    for number, frame in enumerate(frames):
        left, top = places.corner_px(number)
        tile = Image.fromarray(frame.pixels).resize((places.tile_width_px, places.tile_height_px))
        sheet.paste(tile, (left, top), tile if tile.mode == "RGBA" else None)
        below = top + places.tile_height_px + 2
        draw.text((left, below), f"{number} · {frame.delay_cs * 10} ms", _INK, font)
    return np.asarray(sheet)
