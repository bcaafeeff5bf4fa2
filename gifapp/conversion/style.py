"""How a GIF is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from gifapp.domain.recipe import Content, Dither, PaletteScope, Recipe


@dataclass(frozen=True)
class Style:
    """The fields of a recipe of these names."""

    content: Content = "auto"
    colours: int = 256
    dither: Dither = "auto"
    palette: PaletteScope = "auto"
    lossy: int = 0

    @classmethod
    def of(cls, recipe: Recipe) -> Self:
        return cls(recipe.content, recipe.colours, recipe.dither, recipe.palette, recipe.lossy)
