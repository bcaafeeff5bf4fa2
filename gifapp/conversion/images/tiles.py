"""What a picture file holds: tiles, each drawn on what the ones before it left."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from PIL import Image

from gifapp import errors

MOST_TILES = 10_000
FASTEST_MS = 10  # what is not longer than this
SLOWED_MS = 100.0  # browsers show for so long, whatever the format

# all that our parsers raise at damaged files
DAMAGE = (OSError, ValueError, EOFError, LookupError, struct.error, zlib.error, ZeroDivisionError)


class Unidentified(ValueError):
    """A file that only begins as a picture does."""


class Disposal(Enum):
    """What becomes of a tile when the next one comes."""

    KEEP = "keep"
    CLEAR = "clear"  # its rectangle becomes transparent
    RESTORE = "restore"  # its rectangle becomes what it was before


@dataclass(frozen=True)
class Tile:
    """A stored picture: where it is drawn, how, and for how long.

    Attributes:
        x_px, y_px, width_px, height_px: its rectangle, which may reach beyond the canvas.
        delay_ms: how long browsers show it.
        blends: its transparency shows what is below; otherwise it replaces that.
        may_have_alpha: whether the file allows it any transparency.
        decode: gives its pixels, RGB or RGBA, as sRGB; raises one of `DAMAGE`.
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

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom."""
        return self.x_px, self.y_px, self.x_px + self.width_px, self.y_px + self.height_px


@dataclass(frozen=True)
class Animation:
    """A picture file of one or more tiles; nothing is decoded yet.

    Attributes:
        plays: how often it plays by itself, 0 for ever; None: the format does not say.
        is_cut_short: the file ends before it should; its whole tiles are here.
        holds_clip: there is a short video in the file besides.
    """

    width_px: int
    height_px: int
    tiles: list[Tile]
    plays: int | None = None
    is_cut_short: bool = False
    holds_clip: bool = False

    def sizes(self) -> list[tuple[int, int]]:
        """Width and height of the canvas, and of each tile."""
        return [(self.width_px, self.height_px), *((tile.width_px, tile.height_px) for tile in self.tiles)]

    def is_covered_by(self, tile: Tile) -> bool:
        """Whether the tile fills the whole canvas."""
        left, top, right, bottom = tile.box
        return left <= 0 and top <= 0 and right >= self.width_px and bottom >= self.height_px


def append(tile: Tile, tiles: list[Tile]) -> None:
    """Another tile of a file.

    Raises:
        errors.PicturesInvalid: it has too many.
    """
    if len(tiles) == MOST_TILES:
        raise errors.PicturesInvalid(problem=f"there are more than {MOST_TILES:,}")
    tiles.append(tile)


def shown_ms(stored_ms: float) -> float:
    """How long browsers show what asks for `stored_ms`."""
    return stored_ms if int(stored_ms) > FASTEST_MS else SLOWED_MS
