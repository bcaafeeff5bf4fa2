"""What a saved recipe keeps, and what stays with the video. Pure."""

from __future__ import annotations

import unicodedata
from typing import Any

from gifapp import errors
from gifapp.domain.recipes.recipe import Recipe

MAX_NAME_CHARACTERS = 80
MAX_BYTES = 400_000
_OF_ONE_VIDEO = ("segments", "frames", "crop", "subtitles")


def name_key(name: str) -> str:
    """Equal for names that differ only in case or in how their characters are written."""
    return unicodedata.normalize("NFKC", name).casefold()


def for_any_video(recipe: Recipe) -> Recipe:
    """The recipe without what belongs to one video: ranges, single frames, crop and subtitles."""
    fields = recipe.model_dump(mode="json", exclude=set(_OF_ONE_VIDEO))
    return Recipe.parse(fields)


def applied(saved: Recipe, current: Recipe) -> Recipe:
    """The saved recipe with the ranges, single frames, crop and subtitles of the current one.

    A saved aspect ratio replaces the crop.
    """
    ours: dict[str, Any] = current.model_dump(mode="json", include=set(_OF_ONE_VIDEO))
    if saved.aspect is not None:
        del ours["crop"]
    return Recipe.parse(for_any_video(saved).model_dump(mode="json") | ours)


def parse_stored(fields: Any) -> tuple[Recipe | None, str | None]:
    """The stored recipe; or what is wrong with one that another version of gifapp stored."""
    try:
        return Recipe.parse(fields), None
    except errors.RecipeInvalid as refused:
        return None, f"Another version of gifapp saved it: {refused.facts['problems']}."
