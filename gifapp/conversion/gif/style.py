"""How a GIF is drawn: content type, dithering, palette, lossy compression, effort."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from gifapp.domain.recipes.recipe import Content, Dither, PaletteScope, Recipe


@dataclass(frozen=True)
class Style:
    """The recipe fields of these names, and the source's quality.

    Attributes:
        is_lossless: the source is lossless, so pictures whose colours fit a palette are drawn exactly.
    """

    content: Content = "auto"
    colours: int = 256
    dither: Dither = "auto"
    palette: PaletteScope = "auto"
    lossy: int = 0
    exact: bool = False
    effort: int = 2
    is_lossless: bool = True

    @property
    def draws_exactly(self) -> bool:
        """Whether each pixel gets its best colour; a file that must be smaller is `lossy` after all."""
        return self.exact and self.lossy == 0

    @property
    def may_be_exact(self) -> bool:
        return (self.is_lossless or self.exact) and self.lossy == 0

    @classmethod
    def of(cls, recipe: Recipe, *, is_lossless: bool) -> Self:
        return cls(
            recipe.content,
            recipe.colours,
            recipe.dither,
            recipe.palette,
            recipe.lossy,
            recipe.exact,
            recipe.effort,
            is_lossless,
        )
