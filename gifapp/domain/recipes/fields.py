"""Describes recipe fields for options, forms and documentation. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, get_args

from gifapp.domain.recipes.parts import Part
from gifapp.domain.recipes.recipe import Recipe, recipe_schema
from gifapp.domain.recipes.ui_hints import UiHints
from gifapp.domain.validation_errors import allowed_values
from gifapp.domain.wording import unit_of

SECTIONS = {
    "segments": "Trim & size",
    "look": "Look",
    "chroma_key": "Text & overlays",
    "content": "GIF quality",
    "target_bytes": "Size & format",
}
"""The headings of forms, options and documents, keyed by the first recipe field under each."""


@dataclass(frozen=True)
class RecipeField:
    """A field of a recipe, or of one of its parts.

    Attributes:
        path: its path, such as `fps` or `look.blur_px`.
        part: the model that defines it.
        default: its default; None also if it is required.
        schema: its JSON schema, without null.
        is_optional: whether it may be null.
    """

    path: str
    part: type[Part]
    title: str
    description: str
    default: Any
    schema: dict[str, Any]
    is_optional: bool
    hints: UiHints

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]

    @property
    def unit(self) -> str:
        return self.hints.unit or unit_of(self.name)

    @property
    def label(self) -> str:
        """Its label in a form: `Width (px)`."""
        return f"{self.title} ({self.unit})" if self.unit else self.title

    @property
    def choices(self) -> tuple[Any, ...]:
        """The allowed values, if it is an enumeration."""
        return tuple(self.schema.get("enum", ()))

    @property
    def is_whole(self) -> bool:
        return self.schema.get("type") == "integer"

    @property
    def is_colour(self) -> bool:
        return bool(self.schema.get("pattern", "").startswith("^#"))

    @property
    def allowed(self) -> str:
        """The allowed values in words; empty if there is no simple rule."""
        return allowed_values(self.schema, unit=unit_of(self.name)) or ""


@cache
def recipe_field(path: str) -> RecipeField:
    """The field at a path.

    Raises:
        KeyError: no field has this path.
    """
    owner, _, name = path.rpartition(".")
    part = Recipe if not owner else part_at(owner)
    if part is None:
        raise KeyError(path)
    field = part.model_fields[name]
    schema = _properties(part)[name]
    kinds = schema.get("anyOf", [schema])
    return RecipeField(
        path=path,
        part=part,
        title=field.title or "",
        description=field.description or "",
        default=None if field.is_required() else field.default,
        schema=next(kind for kind in kinds if kind.get("type") != "null"),
        is_optional={"type": "null"} in kinds,
        hints=next((hints for hints in field.metadata if isinstance(hints, UiHints)), UiHints()),
    )


def part_at(name: str) -> type[Part] | None:
    """The model of a field such as `look` or `captions`; None if it has no nested fields."""
    return _part_in(Recipe.model_fields[name].annotation)


def leaves(name: str) -> list[str]:
    """The paths under one recipe field: `look.brightness` and so on, or just `fps`."""
    part = part_at(name)
    return [f"{name}.{inner}" for inner in part.model_fields] if part else [name]


def sections() -> dict[str, list[str]]:
    """The recipe's top-level fields by heading, in the model's order."""
    by_heading: dict[str, list[str]] = {}
    heading = ""
    for name in Recipe.model_fields:
        heading = SECTIONS.get(name, heading)
        by_heading.setdefault(heading, []).append(name)
    return by_heading


def _part_in(annotation: Any) -> type[Part] | None:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return annotation
    return next((part for inner in get_args(annotation) if (part := _part_in(inner))), None)


def _properties(part: type[Part]) -> dict[str, Any]:
    schema = recipe_schema()
    properties: dict[str, Any] = (schema if part is Recipe else schema["$defs"][part.__name__])["properties"]
    return properties
