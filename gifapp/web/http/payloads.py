"""Parses request bodies, queries and headers: strict JSON, then pydantic models."""

from __future__ import annotations

import json
import math
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)

from gifapp import errors
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.validation_errors import Schema, problems_in

MAX_DEPTH = 20
MAX_VALUES = 5000  # the largest recipe has 1,000
_TOO_MANY = f"it has more than {MAX_VALUES} values"


class Payload(BaseModel):
    """A JSON body; unknown fields and values of another type are rejected."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class Query(BaseModel):
    """The parameters of a query string; all arrive as text, and unknown ones are ignored."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)


class PageQuery(Query):
    """A page of a list: `limit` items, from the previous page's `next_cursor` on."""

    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=200)


class Headers(BaseModel):
    """Request headers, by their aliases; unknown ones are ignored."""

    model_config = ConfigDict(extra="ignore")


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
        moment.astimezone(UTC)  # near the minimum and maximum datetime, this overflows
    except (TypeError, ValueError, OverflowError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError("must be a time with a time zone, such as 2026-01-31T12:00:00Z")
    return moment


Moment = Annotated[datetime, BeforeValidator(_moment)]
"""A time in ISO 8601 with a time zone."""


def _recipe(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    return Recipe.parse(value) if isinstance(value, dict) else validate(value)


GivenRecipe = Annotated[Recipe, WrapValidator(_recipe)]
"""A recipe; if invalid, `Recipe.parse` raises errors.RecipeInvalid, which names every wrong field."""


def _in_one_line(text: str) -> str:
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if not text:
        raise ValueError("must not be empty, or only spaces and unprintable characters")
    return text


Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_in_one_line)]
"""A name that a person chose; spaces and unprintable characters become single spaces."""


class Renaming(Payload):
    name: Name


Secret = Annotated[str, WithJsonSchema({"type": "string", "format": "password"})]
"""A password or token, which no error repeats."""

Model = TypeVar("Model", bound=BaseModel)


def decoded(raw: bytes) -> Any:
    """Parse JSON strictly, so that no other parser can read it differently.

    Raises:
        errors.JsonInvalid: not JSON, NaN or infinity, a duplicate key, a lone surrogate, too deep,
            too many values.
    """
    if raw.count(b'"') - raw.count(b'\\"') > 4 * MAX_VALUES:  # two for its key, two for its text
        raise errors.JsonInvalid(problem=_TOO_MANY)
    try:
        value = json.loads(
            raw.decode(),
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_whole,
            object_pairs_hook=_without_duplicates,
        )
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeError:
        raise errors.JsonInvalid(problem="its text is not UTF-8") from None
    except RecursionError:
        raise errors.JsonInvalid(problem="it is nested too deeply") from None
    except json.JSONDecodeError as wrong:
        where = f"line {wrong.lineno}, column {wrong.colno}"
        raise errors.JsonInvalid(problem=f"{wrong.msg[0].lower()}{wrong.msg[1:]} at {where}") from None
    except ValueError as refused:
        raise errors.JsonInvalid(problem=str(refused)) from None
    _check_limits(value)
    return value


def validated(model: type[Model], value: Any) -> Model:
    """Validate the value as `model`.

    Raises:
        errors.FieldInvalid: names the first wrong field.
    """
    try:
        return model.model_validate(value)
    except ValidationError as refused:
        first = next(problems_in(refused, _schema(model), whole="body"))
        raise errors.FieldInvalid(field=first.path or "body", problem=first.words) from None


@cache
def _schema(model: type[BaseModel]) -> Schema:
    return model.model_json_schema()


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a valid number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text:.40} is out of range")
    return number


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:  # more digits than Python converts
        raise ValueError(f"{text:.40}… is out of range") from None


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        [(twice, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"{twice!r:.60} is given twice")
    return members


def _check_limits(value: Any) -> None:
    level, count = [value], 1
    for _ in range(MAX_DEPTH):
        level = [child for item in level for child in _children(item)]
        count += len(level)
        if count > MAX_VALUES:
            raise errors.JsonInvalid(problem=_TOO_MANY)
    if level:
        raise errors.JsonInvalid(problem="it is nested too deeply")


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
