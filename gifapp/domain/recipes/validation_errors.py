"""Explains why a recipe is invalid: names each wrong field and what it may be."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

Schema = dict[str, Any]

MOST_PROBLEMS = 50


def in_words(refused: ValidationError, schema: Schema) -> str:
    """The problems in one line, 50 at most; `schema` is the JSON schema of the validated model."""
    return "; ".join(_problem(error, schema) for error in refused.errors()[:MOST_PROBLEMS])


def by_field(refused: ValidationError, schema: Schema) -> dict[str, str]:
    """The problem of each field by its path: `{"captions.0.size_px": "must be a whole number …"}`."""
    return {
        _path(error): _words(error, schema).removeprefix(": ") for error in refused.errors()[:MOST_PROBLEMS]
    }


def _problem(error: Any, schema: Schema) -> str:
    path, words = _path(error), _words(error, schema)
    if not path and error["type"] == "value_error":  # our own message about several fields
        return words.removeprefix(": ")
    return f"{path or 'recipe'}{'' if words.startswith(':') else ' '}{words}"


def _path(error: Any) -> str:
    return ".".join(str(step) for step in error["loc"])


def _words(error: Any, schema: Schema) -> str:
    """The text after the field's name."""
    allowed = _allowed(error["loc"], schema)
    if allowed and error["type"] not in {"extra_forbidden", "missing", "value_error"}:
        got = error["input"]
        return f"must be {allowed} (got {f'{got:g}' if isinstance(got, float) else f'{got!r:.40}'})"
    if error["type"] == "extra_forbidden":
        return "is not a field of a recipe"
    if error["type"] == "missing":
        return "is required"
    return f": {error['msg'].removeprefix('Value error, ')}"


def _allowed(path: tuple[str | int, ...], schema: Schema) -> str | None:
    """The allowed values of the field at `path`, in words."""
    node = schema
    for step in path:
        inner = node.get("items", {}) if isinstance(step, int) else node.get("properties", {}).get(step, {})
        node = _follow(inner, schema)
    return _in_words(node)


def allowed_values(schema: Schema) -> str | None:
    """The allowed values of a JSON schema, in words; None if there is no simple rule."""
    return _in_words(_follow(schema, schema))


def _follow(node: Schema, schema: Schema) -> Schema:
    node = next((option for option in node.get("anyOf", ()) if option.get("type") != "null"), node)
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        node = schema["$defs"][name]
    return node


def _in_words(node: Schema) -> str | None:
    if "enum" in node:
        return "one of " + ", ".join(map(str, node["enum"]))
    if node.get("pattern", "").startswith("^#"):
        return "a colour as #rrggbb"
    if node.get("type") == "string" and "maxLength" in node:
        return f"text of {node.get('minLength', 0)} to {node['maxLength']} characters"
    kind = {"integer": "a whole number", "number": "a number"}.get(node.get("type", ""))
    if kind is None:
        return None
    high = node.get("maximum")
    if "exclusiveMinimum" in node:
        return f"{kind} above {node['exclusiveMinimum']} and at most {high}"
    return f"{kind} from {node.get('minimum')} to {high}"
