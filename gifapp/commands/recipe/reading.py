"""Builds a recipe from the command line's options."""

from __future__ import annotations

import json
import re
from typing import Any, BinaryIO

import click
from click.core import ParameterSource

from gifapp import errors
from gifapp.commands.recipe.options import RecipeOption
from gifapp.domain.recipes.recipe import Recipe

Fields = dict[str, Any]

# the option that each part requires before its other options
_FIRST = {"captions": "--caption", "overlay": "--overlay", "chroma_key": "--chroma-key"}


def read_recipe(ctx: click.Context, file: BinaryIO | None) -> Recipe:
    """The recipe in `file`, with the fields that the command line sets replaced.

    Raises:
        click.UsageError: names the wrong options.
    """
    fields = _recipe_in(file).model_dump(mode="json", exclude_unset=True)
    options = _options_set(ctx)
    _set_segment(fields, options)
    _clear_crop(fields, options)
    for option, value in options.items():
        _set(fields, option, value)
    try:
        return Recipe.parse(fields)
    except errors.RecipeInvalid as wrong:
        raise click.UsageError(_in_options(str(wrong), ctx)) from None


def _in_options(sentence: str, ctx: click.Context) -> str:
    """Replace field names by option names, only for names with `_`: others may be plain words."""
    for option in ctx.command.params:
        if isinstance(option, RecipeOption) and "_" in option.field:
            sentence = re.sub(rf"\b{re.escape(option.field)}\b", option.opts[0], sentence)
    return sentence


def _options_set(ctx: click.Context) -> dict[RecipeOption, Any]:
    return {
        option: ctx.params[str(option.name)]
        for option in ctx.command.params
        if isinstance(option, RecipeOption)
        and ctx.get_parameter_source(str(option.name)) is not ParameterSource.DEFAULT
    }


def _recipe_in(file: BinaryIO | None) -> Recipe:
    if file is None:
        return Recipe()
    try:
        return Recipe.parse(json.load(file))
    except (ValueError, RecursionError) as broken:  # not JSON, or not text
        raise click.BadParameter(f"{file.name} is not JSON ({broken})", param_hint="--recipe") from None
    except errors.RecipeInvalid as wrong:
        raise click.BadParameter(f"{file.name}: {wrong}", param_hint="--recipe") from None


def _set_segment(fields: Fields, options: dict[RecipeOption, Any]) -> None:
    """--start and --end make one segment."""
    times = {option.field: option for option in options if option.field.startswith("segments.")}
    if not times:
        return
    if any(option.field == "segments" for option in options):
        raise click.UsageError("Give --start and --end, or --segment, not both.")
    segment = {field.removeprefix("segments."): options.pop(option) for field, option in times.items()}
    if segment.get("end_s", float("inf")) <= segment.get("start_s", 0):
        raise click.BadParameter("it is not after the start", param_hint="--end")
    fields["segments"] = [segment]


def _clear_crop(fields: Fields, options: dict[RecipeOption, Any]) -> None:
    """Clear the recipe's crop and aspect if the command line sets either: they replace each other."""
    shapes = [option for option in options if option.field in ("crop", "aspect")]
    if len(shapes) == 2:
        raise click.UsageError("Give --crop or --aspect, not both.")
    if shapes:
        fields["crop"] = fields["aspect"] = None


def _set(fields: Fields, option: RecipeOption, value: Any) -> None:
    owner, _, name = option.field.rpartition(".")
    if not owner:
        fields[name] = value
        return
    first = _FIRST.get(owner, option.opts[0])
    if fields.get(owner) in (None, []) and option.opts[0] != first:
        raise click.UsageError(f"{option.opts[0]} needs {first}.")
    if owner == "captions":
        fields[owner] = [caption | {name: value} for caption in fields[owner]]
    else:
        fields[owner] = (fields.get(owner) or {}) | {name: value}
