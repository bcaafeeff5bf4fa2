"""Where on a picture something stands: the nine positions of a recipe, and room between things. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gifapp.domain.recipe_parts import Position

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


def margin_px(width_px: int, height_px: int) -> int:
    """What stays free at the edges of a picture of that size."""
    return round(MARGIN * min(width_px, height_px))


def share_across(position: Position) -> float:
    """0 at the left, 0.5 in the middle, 1 at the right."""
    return 0.0 if position.endswith("left") else 1.0 if position.endswith("right") else 0.5


def share_down(position: Position) -> float:
    """0 at the top, 0.5 in the middle, 1 at the bottom."""
    return 0.0 if position.startswith("top") else 1.0 if position.startswith("bottom") else 0.5


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


def avoid_overlap(box: Box, taken: Iterable[Box], position: Position, height_px: int) -> Box | None:
    """The box moved off those that are there already: up from the bottom, else down; None without room."""
    moved, is_rising = box, share_down(position) == 1
    for other in sorted(taken, key=lambda one: one.y_px, reverse=is_rising):
        if moved.touches(other):
            y_px = other.y_px - box.height_px if is_rising else other.y_px + other.height_px
            moved = Box(box.x_px, y_px, box.width_px, box.height_px)
    return moved if moved == box or 0 <= moved.y_px <= height_px - box.height_px else None
