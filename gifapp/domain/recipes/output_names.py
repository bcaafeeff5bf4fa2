"""The names of finished files, and the format that a file name asks for. Pure."""

from __future__ import annotations

import re
from pathlib import PurePath

from gifapp import errors
from gifapp.domain.recipes.output_formats import FILE_KINDS, Format
from gifapp.domain.recipes.recipe import Recipe

SHORTEST_S = 0.05  # less is written as 0
_SUFFIX = re.compile(r"(?<=.)\.(?=[0-9]*[a-z])[a-z0-9]{2,5}$", re.IGNORECASE)


def default_file_name(source_name: str, made: Format, *, duration_s: float, width_px: int) -> str:
    """A file name that says what the file is: `bunny-2s-480px.gif`; without a duration, it does not move."""
    facts = [f"{round(duration_s, 1):g}s"] if duration_s >= SHORTEST_S else []
    return "-".join([stem_of(source_name), *facts, f"{width_px}px"]) + FILE_KINDS[made].suffix


def stem_of(name: str) -> str:
    """A file's name without its suffix; a name such as `Version 1.2` has none."""
    return _SUFFIX.sub("", name)


def chosen_file_name(name: str, made: Format) -> str:
    """The file name for a name that its owner chose, which may end in the suffix already."""
    has_suffix = format_of(PurePath(name)) == made
    return name if has_suffix else name + FILE_KINDS[made].suffix


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
