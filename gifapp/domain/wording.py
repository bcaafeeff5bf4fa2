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
_UNITS = {"_s": "s", "_px": "px", "_bytes": "bytes", "_days": "days", "hours": "hours"}


def size(count_bytes: int) -> str:
    """A size in decimal units: 1,000 bytes are 1 kB."""
    if count_bytes < 1000:
        return f"{count_bytes} byte{'s' * (count_bytes != 1)}"
    amount, unit = (count_bytes / 1e3, "kB") if count_bytes < 999_500 else (count_bytes / 1e6, "MB")
    if amount >= 999.5:
        amount, unit = amount / 1000, "GB"
    return f"{amount:.0f} {unit}" if amount >= 100 or unit == "kB" else f"{amount:.1f} {unit}"


def duration(seconds: float) -> str:
    """A duration such as 0.05 s, 2.5 s or 3 min 20 s."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds >= 0.1 else f"{seconds:.2f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def ordinal(number: int) -> str:
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(number % 10 if number % 100 not in (11, 12, 13) else 0, "th")
    return f"{number:,}{suffix}"


def unit_of(name: str) -> str:
    """The unit in a name such as `width_px`; empty if there is none."""
    return next((unit for ending, unit in _UNITS.items() if name.endswith(ending)), "")


def printable(text: str) -> str:
    """Replace control characters, which could move a terminal's cursor, for instance in file names."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def counted(count: int, noun: str) -> str:
    """The count and the noun, in the plural unless the count is 1."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def frames(count: int) -> str:
    return counted(count, "frame")
