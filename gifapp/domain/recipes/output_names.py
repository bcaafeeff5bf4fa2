"""Derives the output format from a file name. Pure."""

from __future__ import annotations

from pathlib import PurePath

from gifapp import errors
from gifapp.domain.recipes.output_formats import FILE_KINDS, Format
from gifapp.domain.recipes.recipe import Recipe


def format_of(path: PurePath) -> Format | None:
    """The format of a file name by its suffix; None if no format has it."""
    suffix = path.suffix.lower()
    return next((name for name, kind in FILE_KINDS.items() if suffix in kind.suffixes), None)


def for_output(recipe: Recipe, output: PurePath) -> Recipe:
    """The recipe with the format of the output's name, unless the recipe sets one itself.

    Raises:
        errors.FormatContradicted: the recipe and the name have different formats.
        errors.RecipeInvalid: the recipe does not allow that format.
    """
    file_format = format_of(output)
    if file_format is None or file_format == recipe.format:
        return recipe
    if "format" in recipe.model_fields_set:
        raise errors.FormatContradicted(suffix=output.suffix, format=recipe.format)
    return Recipe.parse(recipe.model_dump(mode="json", exclude_unset=True) | {"format": file_format})
