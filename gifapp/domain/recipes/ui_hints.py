"""What a form needs to know about a recipe field besides type, bounds, title and description."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class UiHints:
    """Metadata for `Annotated`. Pydantic ignores it, so it stays out of the API document.

    Attributes:
        unit: shown after the title, unless the field's name ends in `_s` or `_px`.
        step: how far an arrow key or a slider moves a number.
        slider: the slider's lowest and highest value; a number without it is typed.
        labels: what the choices are called, in the order in which they are offered.
        none_label: what an empty value is called.
    """

    unit: str | None = field(default=None, repr=False)
    step: float = field(default=1.0, repr=False)
    slider: tuple[float, float] | None = field(default=None, repr=False)
    labels: Mapping[Any, str] = field(default_factory=dict, repr=False, hash=False)
    none_label: str = field(default="", repr=False)
