"""The format that an output's name asks for. Pure."""

from __future__ import annotations

from pathlib import PurePath

from gifapp import errors
from gifapp.domain.recipes.output_formats import FILE_KINDS, Format
from gifapp.domain.recipes.recipe import Recipe


def format_of(path: PurePath) -> Format | None:
    """The format that a file's name asks for; None where the name says nothing."""
    suffix = path.suffix.lower()
    return next((name for name, kind in FILE_KINDS.items() if suffix in kind.suffixes), None)


def for_output(recipe: Recipe, output: PurePath) -> Recipe:
    """The recipe, in the format that the output's name asks for where the recipe asks for none.

    Raises:
        errors.FormatContradicted: both ask, for different ones.
        errors.RecipeInvalid: the recipe is not for that format.
    """
    wanted = format_of(output)
    if wanted is None or wanted == recipe.format:
        return recipe
    if "format" in recipe.model_fields_set:
        raise errors.FormatContradicted(suffix=output.suffix, format=recipe.format)
    return Recipe.parse(recipe.model_dump(mode="json", exclude_unset=True) | {"format": wanted})
