"""Every setting, error and module is documented; `python -m tests.test_docs` writes their tables anew."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gifapp.errors import GifappError
from gifapp.settings import Settings

DOCS = Path(__file__).parents[1] / "docs"
TESTS = Path(__file__).parent
PACKAGE = Path(__file__).parents[1] / "gifapp"


def settings_table() -> str:
    rows = (f"| `GIFAPP_{name.upper()}` | {default(name)} | {Settings.model_fields[name].description} |"
            for name in Settings.model_fields)  # fmt: skip
    return "\n".join(["| variable | default | what it decides |", "|---|---|---|", *rows])


def default(name: str) -> str:
    value = Settings.model_fields[name].default
    return "" if value in (None, ()) or Settings.model_fields[name].default_factory else f"`{value}`"


def errors_table() -> str:
    return "\n".join(["| code | what it says |", "|---|---|", *error_rows(GifappError)])


def error_rows(error: type[GifappError]) -> Iterator[str]:
    yield f"| `{error.code}` | {error.sentence} |"
    for child in error.__subclasses__():
        if child.__module__.startswith("gifapp.errors."):
            yield from error_rows(child)


def modules_table() -> str:
    modules = sorted(PACKAGE.rglob("*.py"), key=lambda path: path.with_suffix("").parts)
    rows = (f"| `{path.relative_to(PACKAGE)}` | {first_line(path)} |" for path in modules
            if path.name != "__init__.py")  # fmt: skip
    return "\n".join(["| module | what it is |", "|---|---|", *rows])


def first_line(module: Path) -> str:
    words = ast.get_docstring(ast.parse(module.read_text()))
    assert words, f"{module} says nothing of itself"
    return words.splitlines()[0]


TABLES = {"settings.md": settings_table, "errors.md": errors_table, "modules.md": modules_table}


@pytest.mark.parametrize(("file", "table"), TABLES.items())
def test_the_table_says_what_the_code_does(file: str, table: Callable[[], str]) -> None:
    assert table() in (DOCS / file).read_text(), "run: python -m tests.test_docs"


@pytest.mark.parametrize("file", ["queue.md", "security.md"])
def test_every_test_that_a_promise_names_is_there(file: str) -> None:
    named = set(re.findall(r"`(test_\w+)(…?)`", (DOCS / file).read_text()))
    defined = {name for path in TESTS.rglob("test_*.py") for name in _functions(path)}
    missing = [
        name for name, more in named if not any(n == name or (more and n.startswith(name)) for n in defined)
    ]
    assert named
    assert missing == []


def _functions(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name


def write_tables() -> None:
    for file, table in TABLES.items():
        lines = (DOCS / file).read_text().splitlines()
        first = next(number for number, line in enumerate(lines) if line.startswith("|"))
        last = next((n for n in range(first, len(lines)) if not lines[n].startswith("|")), len(lines))
        lines[first:last] = table().splitlines()
        (DOCS / file).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    write_tables()
