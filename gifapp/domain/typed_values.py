"""Parses what people type for times and sizes, on the command line and in the form. Pure."""

from __future__ import annotations

import re

_TIME = re.compile(r"(?:(?:([0-9]+):)?([0-9]+):)?([0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)")
_SIZE = re.compile(r"([0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)\s*([kmg]i?|)(b?)", re.IGNORECASE)
_UNITS = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3, "ki": 1024, "mi": 1024**2, "gi": 1024**3}


def seconds_in(text: str) -> float:
    """A time such as 90.5, 90,5, 1:30.5 or 1:01:30, in seconds.

    Raises:
        ValueError: it is none.
    """
    match = _TIME.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r} is not a time such as 90.5 or 1:30.5")
    hours, minutes, seconds = match.groups()
    return float(hours or 0) * 3600 + float(minutes or 0) * 60 + _decimal(seconds)


def bytes_in(text: str, *, unit: str = "") -> float:
    """A size such as 500 kB, 10MB, 1.5MiB or a plain number of `unit` ("", "k", "m" or "g"), in bytes.

    Raises:
        ValueError: it is none.
    """
    match = _SIZE.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r} is not a size such as 500 kB or 1.5 MB")
    number, named, byte = match.groups()
    return _decimal(number) * _UNITS[named.lower() or ("" if byte else unit)]


def _decimal(text: str) -> float:
    return float(text.replace(",", "."))
