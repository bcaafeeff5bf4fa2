"""Words for amounts and phases, shared by the command line, notebooks and the dashboard. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gifapp.domain.job import Phase

PHASES: Mapping[Phase, str] = {
    "preparing": "Preparing",
    "reading": "Reading the video",
    "colours": "Choosing colours",
    "writing": "Drawing frames",
    "optimising": "Making it fit",
}


def size(count_bytes: int) -> str:
    """A size in decimal units: 1,000 bytes are 1 kB."""
    if count_bytes < 1000:
        return f"{count_bytes} byte{'s' * (count_bytes != 1)}"
    amount, unit = (count_bytes / 1e3, "kB") if count_bytes < 999_500 else (count_bytes / 1e6, "MB")
    if amount >= 999.5:
        amount, unit = amount / 1000, "GB"
    return f"{amount:.0f} {unit}" if amount >= 100 or unit == "kB" else f"{amount:.1f} {unit}"


def ordinal(number: int) -> str:
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(number % 10 if number % 100 not in (11, 12, 13) else 0, "th")
    return f"{number:,}{suffix}"


def counted(count: int, noun: str) -> str:
    """The count and the noun, in the plural where it is not one."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def frames(count: int) -> str:
    return counted(count, "frame")
