"""Where text and overlays are placed: positions, margins and free space. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gifapp.domain.recipes.parts import Position

MARGIN = 0.03  # of the shorter side


@dataclass(frozen=True)
class Box:
    """A rectangle that is taken while it shows."""

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
    """Where a text stands within the margins of a picture; lengths are shares of what is within them.

    Attributes:
        left, width: the column that it may fill.
        align: where it stands in its column, and shorter lines in it: 0 left, 0.5 in the middle, 1 right.
        down: the height at which it hangs: 0 top, 1 bottom.
        hang: the share of its own height that is above there.
        lines: how many lines further down it stands.
    """

    left: float = 0.0
    width: float = 1.0
    align: float = 0.5
    down: float = 1.0
    hang: float = 1.0
    lines: int = 0

    @property
    def is_rising(self) -> bool:
        """Whether it moves up where something is in its way."""
        return self.hang == 1


BOTTOM = Place()


def place_of(position: Position) -> Place:
    """The place at an edge, in a corner or in the middle of the picture."""
    share = share_down(position)
    return Place(align=share_across(position), down=share, hang=share)


def margin_px(width_px: int, height_px: int) -> int:
    """What stays free at the edges of a picture of that size."""
    return round(MARGIN * min(width_px, height_px))


def share_across(position: Position) -> float:
    """0 at the left, 0.5 in the middle, 1 at the right."""
    return 0.0 if position.endswith("left") else 1.0 if position.endswith("right") else 0.5


def share_down(position: Position) -> float:
    """0 at the top, 0.5 in the middle, 1 at the bottom."""
    return 0.0 if position.startswith("top") else 1.0 if position.startswith("bottom") else 0.5


def column_px(place: Place, width_px: int, margin_px: int) -> int:
    """How wide a text at that place may be in a picture of that width."""
    return max(1, round(place.width * (width_px - 2 * margin_px)))


def box_at(place: Place, size: tuple[int, int], within: tuple[int, int], *, line_px: float) -> Box:
    """The box of a text that large; it is moved as far as it must to lie within the margins."""
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
    least_px = min(margin_px, free_px // 2)
    return round(min(max(at_px, least_px), free_px - least_px))


def placed(
    position: Position, size: tuple[int, int], within: tuple[int, int], *, margin_px: int
) -> tuple[int, int]:
    """The upper left corner of something that large; what fills the picture does without its margin."""
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
    """The box moved up, else down, off those that are there already; None without room."""
    moved = box
    for other in sorted(taken, key=lambda one: one.y_px, reverse=is_rising):
        if moved.touches(other):
            y_px = other.y_px - box.height_px if is_rising else other.y_px + other.height_px
            moved = Box(box.x_px, y_px, box.width_px, box.height_px)
    return moved if moved == box or 0 <= moved.y_px <= height_px - box.height_px else None
