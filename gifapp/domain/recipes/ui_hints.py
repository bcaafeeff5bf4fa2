"""Form metadata of recipe fields beyond type, bounds, title and description."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class UiHints:
    """Metadata for `Annotated`. Pydantic ignores it, so it stays out of the API document.

    Attributes:
        unit: shown after the title; names ending in `_s` or `_px` have a default.
        step: how much an arrow key or a slider step changes a number.
        slider: the slider's minimum and maximum; without it, the number is typed.
        labels: the labels of the choices, in the order offered.
        none_label: the label of an empty value.
    """

    unit: str | None = field(default=None, repr=False)
    step: float = field(default=1.0, repr=False)
    slider: tuple[float, float] | None = field(default=None, repr=False)
    labels: Mapping[Any, str] = field(default_factory=dict, repr=False, hash=False)
    none_label: str = field(default="", repr=False)
