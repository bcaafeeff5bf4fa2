"""Several GIFs in a grid."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any

from gifapp import errors
from gifapp.conversion.review.media import Medium, medium_of
from gifapp.domain.wording import size


@dataclass(frozen=True)
class Sheet:
    """GIFs in a grid, which displays itself in a notebook."""

    media: tuple[Medium, ...]
    columns: int
    height_px: int

    def __repr__(self) -> str:
        return f"Sheet of {len(self.media)} GIFs: " + ", ".join(map(_caption, self.media))

    def _repr_html_(self) -> str:
        grid = (
            f"display:grid;grid-template-columns:repeat({self.columns},max-content);gap:12px;overflow-x:auto"
        )
        return f'<div style="{grid}">{"".join(map(self._cell, self.media))}</div>'

    def _cell(self, medium: Medium) -> str:
        caption = html.escape(_caption(medium))
        tag = medium.tag(f'height="{self.height_px}" style="max-width:none"', caption)
        return f'<figure style="margin:0">{tag}<figcaption><small>{caption}</small></figcaption></figure>'


def show(*gifs: Any, columns: int = 3, height: int = 200) -> Sheet:
    """Show GIFs side by side in a notebook.

    Args:
        gifs: reports, paths, or the bytes of GIFs.
        columns: how many are in a row.
        height: of each, in pixels.

    Raises:
        errors.FieldInvalid: a number is not positive.
        TypeError: one of `gifs` cannot be shown.
    """
    for name, number in (("columns", columns), ("height", height)):
        if number < 1:
            raise errors.FieldInvalid(field=name, problem=f"must be 1 or more, not {number}")
    return Sheet(tuple(map(medium_of, gifs)), columns, height)


def _caption(medium: Medium) -> str:
    name = f"{medium.path.name}, " if medium.path else ""
    return name + size(len(medium.content))
