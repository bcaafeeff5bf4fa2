"""The widgets' JavaScript and styles, each beside its class, after what all of them share."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent


def script(name: str) -> str:
    """The ES module of one widget."""
    return _with_common(name, "js")


def style(name: str) -> str:
    """The style sheet of one widget."""
    return _with_common(name, "css")


def _with_common(name: str, suffix: str) -> str:
    return "\n".join((_FOLDER / f"{part}.{suffix}").read_text("utf-8") for part in ("common", name))
