"""The recipe: all that decides a GIF's bytes, given a source."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from gifapp import errors

Direction = Literal["forward", "reverse", "boomerang"]
Dither = Literal["none", "bayer", "floyd_steinberg", "sierra2_4a"]


class Part(BaseModel):
    """A frozen part of a recipe; unknown keys, NaN and wrong types are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Segment(Part):
    """A time range of the source; no end means the source's end."""

    start_s: float = Field(0.0, ge=0)
    end_s: float | None = Field(None, gt=0)

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        if self.end_s is not None and self.end_s <= self.start_s:
            raise ValueError("end_s must be greater than start_s")
        return self


class Crop(Part):
    """A rectangle in the upright source's pixels."""

    x_px: int = Field(0, ge=0)
    y_px: int = Field(0, ge=0)
    width_px: int = Field(ge=1)
    height_px: int = Field(ge=1)


class Recipe(Part):
    """What to make of a source. All optional; the defaults give a good GIF.

    With neither width nor height the GIF fits a 480 px square; with one, the other follows; with
    both it fits within them. It is never larger than the source.
    """

    segments: tuple[Segment, ...] = Field((), max_length=50, strict=False)
    speed: float = Field(1.0, ge=0.1, le=10)
    direction: Direction = "forward"
    crop: Crop | None = None
    width_px: int | None = Field(None, ge=1, le=4096)
    height_px: int | None = Field(None, ge=1, le=4096)
    fps: float = Field(12.5, ge=1, le=50)
    loop: int = Field(0, ge=0, le=65535)
    colours: int = Field(256, ge=2, le=256)
    dither: Dither = "floyd_steinberg"

    @classmethod
    def parse(cls, given: Any) -> Recipe:
        """A recipe from decoded JSON.

        Raises:
            errors.RecipeInvalid: naming each wrong field and what it may be.
        """
        try:
            return cls.model_validate_json(json.dumps(given))
        except ValidationError as refused:
            raise errors.RecipeInvalid(problems=_problems(refused)) from None

    def canonical_json(self) -> str:
        """The same text for the same recipe, however it was spelled."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical form, hexadecimal."""
        return hashlib.sha256(self.canonical_json().encode()).hexdigest()


def _problems(refused: ValidationError) -> str:
    return "; ".join(_problem(error) for error in refused.errors())


def _problem(error: Any) -> str:
    field = ".".join(str(step) for step in error["loc"]) or "recipe"
    allowed = _allowed_range(error["loc"])
    if allowed and error["type"] not in {"extra_forbidden", "missing"}:
        return f"{field} must be {allowed} (got {error['input']!r:.40})"
    if error["type"] == "extra_forbidden":
        return f"{field} is not a field of a recipe"
    return f"{field}: {error['msg'].removeprefix('Value error, ')}"


def _allowed_range(path: tuple[str | int, ...]) -> str | None:
    """What the field at `path` may be, in words, read from the JSON schema."""
    schema = Recipe.model_json_schema()
    node: dict[str, Any] = schema
    for step in path:
        inner = node["items"] if isinstance(step, int) else node.get("properties", {}).get(step, {})
        node = _follow(inner, schema)
    return _in_words(node)


def _follow(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    node = next((one for one in node.get("anyOf", ()) if one.get("type") != "null"), node)
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        node = schema["$defs"][name]
    return node


def _in_words(node: dict[str, Any]) -> str | None:
    if "enum" in node:
        return "one of " + ", ".join(node["enum"])
    kind = {"integer": "a whole number", "number": "a number"}.get(node.get("type", ""))
    if kind is None:
        return None
    low = node.get("minimum", node.get("exclusiveMinimum"))
    high = node.get("maximum")
    if high is not None:
        return f"{kind} from {low} to {high}"
    return f"{kind} above {low}" if "exclusiveMinimum" in node else f"{kind} of at least {low}"
