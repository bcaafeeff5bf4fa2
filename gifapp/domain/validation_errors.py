"""Explains why values are invalid: names each wrong field, what it may be and what it was. Pure.

The API, the settings, the command line and the form share these words; pydantic's own are never shown.
Our validators raise ValueErrors whose messages follow the field's name: "must be …", "is not …".
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, NamedTuple

from pydantic import ValidationError

from gifapp.domain.wording import counted, printable, unit_of

Schema = dict[str, Any]

MAX_PROBLEMS = 50
_MAX_SHOWN = 40  # characters of a name or a value
_MAX_NAMES = 12  # a longer list of allowed names is omitted
_BOUNDS = {"minimum": "of at least", "exclusiveMinimum": "above", "maximum": "at most"}
_SIMPLE_KINDS = {"boolean": "true or false", "object": "an object"}
_JSON_WORDS = {None: "null", True: "true", False: "false"}


class FieldProblem(NamedTuple):
    """A problem with the field at `path`, in words that follow its name: "must be …".

    Without a path, the words are a clause of their own about several fields.
    """

    path: str
    words: str

    @property
    def clause(self) -> str:
        return f"{self.path} {self.words}" if self.path else self.words


def problems_in(refused: ValidationError, schema: Schema, *, whole: str) -> Iterator[FieldProblem]:
    """The problems, 50 at most.

    `schema` is the JSON schema of the validated model; `whole` names the value if it is not even an object.
    """
    for error in refused.errors(include_url=False)[:MAX_PROBLEMS]:
        path = ".".join(map(_shortened, error["loc"]))
        is_clause = not path and error["type"] == "value_error"
        yield FieldProblem(path or ("" if is_clause else whole), _words(error, schema))


def allowed_values(schema: Schema, *, unit: str = "") -> str | None:
    """The allowed values of a JSON schema, in words; None if there is no simple rule."""
    kind = schema.get("type", "")
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    if kind == "string":
        return _allowed_text(schema)
    if kind == "array":
        return _allowed_list(schema)
    if kind in ("integer", "number"):
        return _allowed_number(schema) + (f" {unit}" if unit and _has_bounds(schema) else "")
    return _SIMPLE_KINDS.get(kind)


def _words(error: Any, schema: Schema) -> str:
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    path = error["loc"]
    if error["type"] == "extra_forbidden":
        return f"is not a known name{_known_fields(str(path[-1]), _node(path[:-1], schema))}"
    node = _node(path, schema)
    name = next((step for step in reversed(path) if isinstance(step, str)), "")
    allowed = allowed_values(node, unit=unit_of(name)) or "valid"
    if error["type"] == "missing":
        return f"is required, and must be {allowed}"
    return f"must be {allowed}" if _is_secret(node) else f"must be {allowed} (got {_shown(error)})"


def _node(path: tuple[str | int, ...], schema: Schema) -> Schema:
    """The part of the schema that describes the value at `path`."""
    node = _follow(schema, schema)
    for step in path:
        inner = node.get("items", {}) if isinstance(step, int) else node.get("properties", {}).get(step, {})
        node = _follow(inner, schema)
    return node


def _follow(node: Schema, schema: Schema) -> Schema:
    # the examples of a value that may be null are beside its options
    node = next((node | option for option in node.get("anyOf", ()) if option.get("type") != "null"), node)
    if "$ref" in node:
        node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    return node


def _known_fields(name: str, parent: Schema) -> str:
    names = list(parent.get("properties", {}))
    similar = get_close_matches(name[:_MAX_SHOWN], names, n=1)
    if similar:
        return f" (did you mean {similar[0]}?)"
    return f"; known: {', '.join(names)}" if 0 < len(names) <= _MAX_NAMES else ""


def _allowed_text(schema: Schema) -> str:
    if schema.get("pattern", "").startswith("^#"):
        return "a colour as #rrggbb"
    if "examples" in schema:
        return f"text such as {schema['examples'][0]}"
    if "maxLength" in schema:
        return f"text of {_count(schema.get('minLength', 0), schema['maxLength'], 'character')}"
    return "text"


def _allowed_list(schema: Schema) -> str:
    if "maxItems" not in schema:
        return "a list"
    return f"a list of {_count(schema.get('minItems', 0), schema['maxItems'], 'item')}"


def _count(low: int, high: int, noun: str) -> str:
    return f"{low} to {counted(high, noun)}" if low else f"up to {counted(high, noun)}"


def _allowed_number(schema: Schema) -> str:
    kind = "a whole number" if schema["type"] == "integer" else "a number"
    if {"minimum", "maximum"} <= schema.keys():
        return f"{kind} from {_number(schema['minimum'])} to {_number(schema['maximum'])}"
    bounds = (f"{words} {_number(schema[key])}" for key, words in _BOUNDS.items() if key in schema)
    return f"{kind} {' and '.join(bounds)}".rstrip()


def _has_bounds(schema: Schema) -> bool:
    return not _BOUNDS.keys().isdisjoint(schema)


def _number(number: float) -> str:
    if abs(number) >= 10_000:
        return f"{number:,.0f}"
    return f"{number:g}"


def _is_secret(node: Schema) -> bool:
    return node.get("format") == "password"


def _shown(error: Any) -> str:
    """The value in the error, shortened."""
    value = error["input"]
    if value is None or isinstance(value, bool):
        return _JSON_WORDS[value]
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list | tuple):
        return f"a list of {counted(len(value), 'item')}"
    if error["type"] in ("string_too_long", "string_too_short"):
        return counted(len(value), "character")
    return _shortened(f"{value:g}" if isinstance(value, float) else repr(value))


def _shortened(text: object) -> str:
    shown = printable(str(text)[: _MAX_SHOWN + 1])
    return shown if len(shown) <= _MAX_SHOWN else f"{shown[: _MAX_SHOWN - 1]}…"
