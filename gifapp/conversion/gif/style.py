"""How a GIF is drawn: content, dithering, palette, loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from gifapp.domain.recipes.recipe import Content, Dither, PaletteScope, Recipe


@dataclass(frozen=True)
class Style:
    """The fields of a recipe of these names, and what the source is worth.

    Attributes:
        is_lossless: no lossy codec has been at the pictures: those whose colours fit are drawn exactly.
    """

    content: Content = "auto"
    colours: int = 256
    dither: Dither = "auto"
    palette: PaletteScope = "auto"
    lossy: int = 0
    is_lossless: bool = True

    @property
    def may_be_exact(self) -> bool:
        return self.is_lossless and self.lossy == 0

    @classmethod
    def of(cls, recipe: Recipe, *, is_lossless: bool) -> Self:
        return cls(recipe.content, recipe.colours, recipe.dither, recipe.palette, recipe.lossy, is_lossless)
