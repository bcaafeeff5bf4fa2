"""One control for each kind of field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets as w

from gifapp.domain.recipe import FEWEST_TARGET_BYTES, MOST_TARGET_BYTES
from gifapp.widgets.colour import Colour
from gifapp.widgets.form.fields import Field, Unreadable
from gifapp.widgets.slider import Slider


def number(path: str, label: str, *, step: float) -> Field:
    return Field(path, w.FloatText(description=label, step=step))


def whole(path: str, label: str) -> Field:
    return Field(path, w.IntText(description=label))


def maybe_whole(path: str, label: str, placeholder: str = "") -> Field:
    """A whole number, or nothing."""
    return Field(path, w.Text(description=label, placeholder=placeholder), shown=_text, given=_whole)


def maybe_number(path: str, label: str, placeholder: str = "") -> Field:
    """A number, or nothing."""
    return Field(path, w.Text(description=label, placeholder=placeholder), shown=_text, given=_number)


def megabytes(path: str, label: str, placeholder: str) -> Field:
    """Bytes, or nothing."""
    control = w.Text(description=label, placeholder=placeholder)
    return Field(path, control, shown=lambda count: _text(count and count / 1e6), given=_bytes)


def choice(path: str, label: str, options: Sequence[tuple[str, Any]]) -> Field:
    return Field(path, w.Dropdown(description=label, options=options))


def maybe_choice(path: str, label: str, nothing: str, options: Sequence[tuple[str, str]]) -> Field:
    """One of the options, or `nothing`; a Dropdown whose value is None would show a blank."""
    control = w.Dropdown(description=label, options=[(nothing, ""), *options])
    return Field(path, control, shown=lambda value: value or "", given=lambda value: value or None)


def buttons(path: str, label: str, options: Sequence[tuple[str, Any]]) -> Field:
    """A few short choices, all of them in sight."""
    return Field(path, w.RadioButtons(description=label, options=options))


def switch(path: str, label: str) -> Field:
    return Field(path, w.Checkbox(description=label, indent=False))


def slider(path: str, label: str, bounds: tuple[float, float], *, step: float, unit: str = "") -> Field:
    low, high = bounds
    return Field(path, Slider(description=label, min=low, max=high, step=step, unit=unit))


def whole_slider(path: str, label: str, bounds: tuple[int, int]) -> Field:
    low, high = bounds
    return Field(path, Slider(description=label, min=low, max=high, step=1), given=int)


def colour(path: str, label: str) -> Field:
    return Field(path, Colour(description=label))


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _whole(text: str) -> int | None:
    text = text.strip()
    if text and not (text.isascii() and text.isdecimal()):
        raise Unreadable(f"must be a whole number, or empty (got {text!r:.40})")
    return int(text) if text else None


def _number(text: str) -> float | None:
    try:
        return float(text) if text.strip() else None
    except ValueError:
        raise Unreadable(f"must be a number, or empty (got {text!r:.40})") from None


def _bytes(text: str) -> int | None:
    amount = _number(text)
    if amount is None:
        return None
    if not FEWEST_TARGET_BYTES <= amount * 1e6 <= MOST_TARGET_BYTES:
        least, most = FEWEST_TARGET_BYTES / 1e6, MOST_TARGET_BYTES / 1e6
        raise Unreadable(f"must be a number from {least:g} to {most:g} (got {amount:g})")
    return round(amount * 1e6)
