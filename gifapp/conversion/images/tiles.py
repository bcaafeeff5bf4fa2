"""The contents of a picture file: tiles, each drawn on top of the previous ones."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from PIL import Image

from gifapp import errors

MAX_TILES = 10_000
FASTEST_MS = 10  # browsers show delays up to this
SLOWED_MS = 100.0  # for this long instead, whatever the format

# everything that our parsers raise on damaged files
DAMAGE = (OSError, ValueError, EOFError, LookupError, struct.error, zlib.error, ZeroDivisionError)


class Unidentified(ValueError):
    """A file that begins like a picture of its format, but is not one."""


class Disposal(Enum):
    """What happens to a tile before the next one is drawn."""

    KEEP = "keep"
    CLEAR = "clear"  # its rectangle becomes transparent
    RESTORE = "restore"  # its rectangle returns to its previous content


@dataclass(frozen=True)
class Tile:
    """A stored picture: where it is drawn, how, and for how long.

    Attributes:
        x_px, y_px, width_px, height_px: its rectangle, which may reach beyond the canvas.
        delay_ms: how long browsers show it.
        blends: composited over the canvas; otherwise it replaces the canvas.
        may_have_alpha: whether it can have transparency at all.
        stored_size: width and height of what is decoded for it, if that is more.
        decode: returns its pixels, RGB or RGBA, in sRGB; raises one of `DAMAGE`.
    """

    x_px: int
    y_px: int
    width_px: int
    height_px: int
    decode: Callable[[], Image.Image]
    delay_ms: float = SLOWED_MS
    disposal: Disposal = Disposal.KEEP
    blends: bool = False
    may_have_alpha: bool = True
    stored_size: tuple[int, int] = (0, 0)

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom."""
        return self.x_px, self.y_px, self.x_px + self.width_px, self.y_px + self.height_px


@dataclass(frozen=True)
class Animation:
    """A picture file of one or more tiles; nothing is decoded yet.

    Attributes:
        plays: the stored play count, 0 forever; None if the format has none.
        is_cut_short: the file is truncated; only its complete tiles are included.
        holds_clip: the file also contains a short video.
    """

    width_px: int
    height_px: int
    tiles: list[Tile]
    plays: int | None = None
    is_cut_short: bool = False
    holds_clip: bool = False

    def sizes(self) -> list[tuple[int, int]]:
        """Width and height of the canvas, and of what is decoded for each tile."""
        tiles = (max((tile.width_px, tile.height_px), tile.stored_size, key=math.prod) for tile in self.tiles)
        return [(self.width_px, self.height_px), *tiles]

    def is_covered_by(self, tile: Tile) -> bool:
        """Whether the tile fills the whole canvas."""
        left, top, right, bottom = tile.box
        return left <= 0 and top <= 0 and right >= self.width_px and bottom >= self.height_px


def append(tile: Tile, tiles: list[Tile]) -> None:
    """Append a tile.

    Raises:
        errors.PicturesInvalid: the file has too many tiles.
    """
    if len(tiles) == MAX_TILES:
        raise errors.PicturesInvalid(problem=f"there are more than {MAX_TILES:,}")
    tiles.append(tile)


def shown_ms(stored_ms: float) -> float:
    """How long browsers show a stored delay."""
    return stored_ms if int(stored_ms) > FASTEST_MS else SLOWED_MS
