"""Joins each widget's scripts and styles into one text, since a widget's module cannot import others."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from anywidget._file_contents import VirtualFileContents

from gifapp.widgets.hot_reload import reloaded

_FOLDER = Path(__file__).resolve().parent

# `import { make } from "../common.js";`, or without braces for a library in `vendor`
_IMPORT = re.compile(r'^import (?P<names>.+) from "(?P<path>\.{1,2}/.+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


def script(name: str) -> str | VirtualFileContents:
    """The widget's module, with everything that it imports."""
    return reloaded(partial(_joined_script, _FOLDER / f"{name}.js"))


def style(*names: str) -> str | VirtualFileContents:
    """A widget's style sheet, joined from these files."""
    return reloaded(partial(_joined_style, [_FOLDER / f"{name}.css" for name in names]))


def _joined_script(path: Path) -> str:
    return "\n".join(_modules(path).values())


def _joined_style(paths: list[Path]) -> str:
    return "\n".join(path.read_text("utf-8") for path in paths)


def _modules(path: Path) -> dict[Path, str]:
    """The code of the module and its imports by path, in dependency order, each once."""
    text = path.read_text("utf-8")
    modules: dict[Path, str] = {}
    for names, address in _IMPORT.findall(text):
        imported = (path.parent / address).resolve()
        modules |= _modules(imported) if names.startswith("{") else {imported: _library(names, imported)}
    return modules | {path: _EXPORT.sub("", _IMPORT.sub("", text))}


def _library(name: str, path: Path) -> str:
    """A CommonJS library as a constant of the module, independent of the page's module loaders."""
    node = "const module = { exports: {} }, exports = module.exports, define = null;"
    return f"const {name} = (() => {{\n{node}\n{path.read_text('utf-8')}\nreturn module.exports;\n}})();\n"
