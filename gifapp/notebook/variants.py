"""The variants of a sweep, as a table."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gifapp.conversion.report import GifReport
from gifapp.conversion.review.media import medium_of
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.wording import size

_CELL = "text-align:left;vertical-align:middle;padding:4px 10px"
_SHOWN_PX = 120
_FRONT = "\N{BLACK STAR}"


@dataclass(frozen=True)
class Variant:
    """One combination of values.

    Attributes:
        values: by the names of the recipe's fields.
        recipe, report: how it was made, and the GIF.
        ssim: its similarity to the frames of the largest variant, at most 1.
        is_on_front: no other variant is as small and as similar, and better in one of the two.
    """

    values: Mapping[str, Any]
    recipe: Recipe
    report: GifReport
    ssim: float
    is_on_front: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The row of the table, for example for pandas."""
        measured = {"bytes": self.report.bytes, "ssim": self.ssim, "is_on_front": self.is_on_front}
        return {**self.values, **measured}


@dataclass(frozen=True)
class Sweep:
    """Variants of one GIF, in the order of their values; displays itself as a table in a notebook."""

    variants: tuple[Variant, ...]

    @property
    def front(self) -> tuple[Variant, ...]:
        """The Pareto front: the variants worth choosing, smallest first."""
        front = [variant for variant in self.variants if variant.is_on_front]
        return tuple(sorted(front, key=lambda variant: variant.report.bytes))

    def __repr__(self) -> str:
        head, *rows = _cells(self.variants)
        widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
        return "\n".join(
            "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in (head, *rows)
        )

    def _repr_html_(self) -> str:
        head, *rows = _cells(self.variants)
        titles = "".join(
            f'<th scope="col" style="{_CELL}">{html.escape(cell)}</th>' for cell in (*head, "GIF")
        )
        lines = "".join(map(_row, rows, self.variants))
        note = f"{_FRONT} No other variant is both smaller and at least as similar to the source."
        return (
            f'<div style="overflow-x:auto"><table><thead><tr>{titles}</tr></thead>'
            f"<tbody>{lines}</tbody></table><small>{note}</small></div>"
        )


def with_front(variants: Sequence[Variant]) -> tuple[Variant, ...]:
    """The variants with those on the Pareto front marked."""
    return tuple(
        replace(one, is_on_front=not any(_beats(other, one) for other in variants)) for one in variants
    )


def _beats(other: Variant, one: Variant) -> bool:
    theirs, ours = (other.report.bytes, -other.ssim), (one.report.bytes, -one.ssim)
    return theirs != ours and all(a <= b for a, b in zip(theirs, ours, strict=True))


def _cells(variants: Sequence[Variant]) -> list[list[str]]:
    names = list(variants[0].values) if variants else []
    rows = [
        [
            *(str(variant.values[name]) for name in names),
            size(variant.report.bytes),
            f"{variant.ssim:.4f}",
            _FRONT if variant.is_on_front else "",
        ]
        for variant in variants
    ]
    return [[*names, "size", "SSIM", "best"], *rows]


def _row(cells: Sequence[str], variant: Variant) -> str:
    shown = "".join(f'<td style="{_CELL}">{html.escape(cell)}</td>' for cell in cells)
    alt = ", ".join(f"{name} {value}" for name, value in variant.values.items())
    gif = medium_of(variant.report).tag(f'height="{_SHOWN_PX}" style="max-width:none"', alt)
    return f'<tr>{shown}<td style="{_CELL}">{gif}</td></tr>'
