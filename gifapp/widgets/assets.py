"""The widgets' JavaScript and styles; "common" is what they share."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent


def script(*names: str) -> str:
    """The ES module of a widget, made of these files."""
    return _joined(names, "js")


def library(name: str, file: str) -> str:
    """A library of `vendor` as a constant of the module it is joined with, whatever loaders the page has."""
    source = (_FOLDER / "vendor" / file).read_text("utf-8")
    node = "const module = { exports: {} }, exports = module.exports, define = null;"
    return f"const {name} = (() => {{\n{node}\n{source}\nreturn module.exports;\n}})();\n"


def style(*names: str) -> str:
    """The style sheet of a widget, made of these files."""
    return _joined(names, "css")


def _joined(names: tuple[str, ...], suffix: str) -> str:
    return "\n".join((_FOLDER / f"{name}.{suffix}").read_text("utf-8") for name in names)
