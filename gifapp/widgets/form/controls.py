"""Builds the control of a recipe field from the field's metadata."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import ipywidgets as w

from gifapp.domain.recipes.fields import RecipeField, recipe_field
from gifapp.domain.typed_values import bytes_in, seconds_in
from gifapp.domain.validation_errors import allowed_values
from gifapp.widgets.controls.colour import Colour
from gifapp.widgets.controls.number import Number
from gifapp.widgets.controls.slider import Slider
from gifapp.widgets.form.fields import Field, Unreadable

_MEGABYTE = 1e6  # the unit in which sizes are typed


def control(path: str, *, inside: str = "", may_be_none: bool = False) -> Field:
    """A field with its control; with `inside`, `path` is relative to this part of the recipe.

    `may_be_none`: for a colour that decides whether its whole part exists.
    """
    about = recipe_field(f"{inside}.{path}" if inside else path)
    if about.choices:
        return _choice(path, about)
    if about.is_colour:
        return _colour(path, about, may_be_none=may_be_none or about.is_optional)
    if about.schema["type"] == "boolean":
        return _field(path, about, w.Checkbox(description=about.label, indent=False))
    return _slider(path, about) if about.hints.slider else _number(path, about)


def buttons(path: str) -> Field:
    """A field with a few short choices, as radio buttons."""
    about = recipe_field(path)
    return _field(path, about, w.RadioButtons(description=about.label, options=_options(about)))


def _field(path: str, about: RecipeField, widget: w.DOMWidget, **conversions: Any) -> Field:
    widget.tooltip = about.description
    return Field(path, widget, label=about.title, **conversions)


def _options(about: RecipeField) -> list[tuple[str, Any]]:
    return [(label, choice) for choice, label in about.hints.labels.items()]


def _choice(path: str, about: RecipeField) -> Field:
    if not about.is_optional:
        return _field(path, about, w.Dropdown(description=about.label, options=_options(about)))
    # a Dropdown whose value is None is shown blank
    widget = w.Dropdown(description=about.label, options=[(about.hints.none_label, ""), *_options(about)])
    return _field(
        path, about, widget, to_control=lambda value: value or "", to_recipe=lambda value: value or None
    )


def _colour(path: str, about: RecipeField, *, may_be_none: bool) -> Field:
    first = about.default or "#ffffff"
    widget = Colour(description=about.title, may_be_none=may_be_none, first=first)
    return _field(path, about, widget)


def _slider(path: str, about: RecipeField) -> Field:
    low, high = about.hints.slider or (0, 1)
    unit = f" {about.unit}" if about.unit else ""
    widget = Slider(
        path=about.path, description=about.title, min=low, max=high, step=about.hints.step, unit=unit
    )
    return _field(path, about, widget, to_recipe=int if about.is_whole else float)


def _number(path: str, about: RecipeField) -> Field:
    is_size = about.name.endswith("_bytes")
    bounds = {} if is_size else {"min": about.schema.get("minimum"), "max": about.schema.get("maximum")}
    widget = Number(
        description=about.label,
        placeholder=about.hints.none_label,
        is_whole=about.is_whole and not is_size,
        step=about.hints.step,
        **bounds,
    )
    if is_size:
        return _field(path, about, widget, to_control=_megabytes, to_recipe=partial(_bytes, about))
    return _field(path, about, widget, to_control=_text, to_recipe=partial(_value, about))


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _megabytes(count_bytes: int | None) -> str:
    return _text(count_bytes and count_bytes / _MEGABYTE)


def _value(about: RecipeField, text: str) -> float | None:
    """The typed number, or None if the field is empty and optional."""
    text = text.strip()
    if not text and about.is_optional:
        return None
    if about.name.endswith("_s"):
        return _seconds(text)
    return _whole(text) if about.is_whole else _decimal(text)


def _whole(text: str) -> int:
    if not re.fullmatch("-?[0-9]{1,20}", text):
        raise Unreadable("enter a whole number such as 12")
    return int(text)


def _decimal(text: str) -> float:
    """Parse a number with a decimal comma or point."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise Unreadable("enter a number such as 0.5") from None


def _seconds(text: str) -> float:
    try:
        return seconds_in(text)
    except ValueError:
        raise Unreadable("enter a time such as 2.5 or 1:30") from None


def _bytes(about: RecipeField, text: str) -> int | None:
    if not text.strip():
        return None
    try:
        amount = bytes_in(text, unit="m") / _MEGABYTE
    except ValueError:
        raise Unreadable("enter a size such as 2.5 or 500 kB") from None
    bounds = {name: about.schema[name] / _MEGABYTE for name in ("minimum", "maximum")}
    if not bounds["minimum"] <= amount <= bounds["maximum"]:
        allowed = allowed_values({"type": "number", **bounds}, unit=about.unit)
        raise Unreadable(f"must be {allowed} (got {amount:g})")
    return round(amount * _MEGABYTE)
