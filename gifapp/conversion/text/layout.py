"""Places text and overlays: positions, margins and free space. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gifapp.domain.recipes.parts import Position

MARGIN = 0.03  # of the shorter side


@dataclass(frozen=True)
class Box:
    """The rectangle that a text occupies."""

    x_px: int
    y_px: int
    width_px: int
    height_px: int

    def touches(self, other: Box) -> bool:
        return (
            self.x_px < other.x_px + other.width_px
            and other.x_px < self.x_px + self.width_px
            and self.y_px < other.y_px + other.height_px
            and other.y_px < self.y_px + self.height_px
        )


@dataclass(frozen=True)
class Place:
    """The place of a text within a picture's margins; lengths are shares of the area within them.

    Attributes:
        left, width: the column that it may fill.
        align: its alignment in the column, and that of its shorter lines: 0 left, 0.5 centre, 1 right.
        down: the vertical position of its anchor: 0 top, 1 bottom.
        hang: the share of its own height above the anchor.
        lines: by how many lines it is moved further down.
    """

    left: float = 0.0
    width: float = 1.0
    align: float = 0.5
    down: float = 1.0
    hang: float = 1.0
    lines: int = 0

    @property
    def is_rising(self) -> bool:
        """Whether it moves up, rather than down, to avoid others."""
        return self.hang == 1


BOTTOM = Place()


def place_of(position: Position) -> Place:
    """The place for a position at an edge, in a corner or in the centre."""
    share = share_down(position)
    return Place(align=share_across(position), down=share, hang=share)


def margin_px(width_px: int, height_px: int) -> int:
    """The margin of a picture of this size."""
    return round(MARGIN * min(width_px, height_px))


def share_across(position: Position) -> float:
    """0 for left, 0.5 for centre, 1 for right."""
    return 0.0 if position.endswith("left") else 1.0 if position.endswith("right") else 0.5


def share_down(position: Position) -> float:
    """0 for top, 0.5 for centre, 1 for bottom."""
    return 0.0 if position.startswith("top") else 1.0 if position.startswith("bottom") else 0.5


def column_px(place: Place, width_px: int, margin_px: int) -> int:
    """The maximum width of a text at this place in a picture of this width."""
    return max(1, round(place.width * (width_px - 2 * margin_px)))


def box_at(place: Place, size: tuple[int, int], within: tuple[int, int], *, line_px: float) -> Box:
    """The box of a text of this size, moved as far as necessary to lie within the margins."""
    margin = margin_px(*within)
    room_px = [whole - 2 * margin for whole in within]
    x_px = place.left * room_px[0] + place.align * (place.width * room_px[0] - size[0])
    y_px = place.down * room_px[1] - place.hang * size[1] + place.lines * line_px
    return Box(
        _within(margin + x_px, within[0] - size[0], margin),
        _within(margin + y_px, within[1] - size[1], margin),
        *size,
    )


def _within(at_px: float, free_px: int, margin_px: int) -> int:
    min_px = min(margin_px, free_px // 2)
    return round(min(max(at_px, min_px), free_px - min_px))


def placed(
    position: Position, size: tuple[int, int], within: tuple[int, int], *, margin_px: int
) -> tuple[int, int]:
    """The upper left corner of an item of this size; the margin shrinks if the item fills the picture."""
    shares = (share_across(position), share_down(position))
    x_px, y_px = (
        _along(share, whole - part, margin_px)
        for share, part, whole in zip(shares, size, within, strict=True)
    )
    return x_px, y_px


def _along(share: float, free_px: int, margin_px: int) -> int:
    margin_px = min(margin_px, free_px // 2)
    return round(margin_px + share * (free_px - 2 * margin_px))


def avoid_overlap(box: Box, taken: Iterable[Box], height_px: int, *, is_rising: bool) -> Box | None:
    """The box moved up (or down, unless `is_rising`) past the taken ones; None if there is no room."""
    moved = box
    for other in sorted(taken, key=lambda other: other.y_px, reverse=is_rising):
        if moved.touches(other):
            y_px = other.y_px - box.height_px if is_rising else other.y_px + other.height_px
            moved = Box(box.x_px, y_px, box.width_px, box.height_px)
    return moved if moved == box or 0 <= moved.y_px <= height_px - box.height_px else None
