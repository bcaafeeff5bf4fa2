"""Every setting and every error is documented; `python -m tests.test_docs` writes their tables anew."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gifapp.errors import GifappError
from gifapp.settings import Settings

DOCS = Path(__file__).parents[1] / "docs"


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
        if child.__module__ == "gifapp.errors":
            yield from error_rows(child)


TABLES = {"settings.md": settings_table, "errors.md": errors_table}


@pytest.mark.parametrize(("file", "table"), TABLES.items())
def test_the_table_says_what_the_code_does(file: str, table: Callable[[], str]) -> None:
    assert table() in (DOCS / file).read_text(), "run: python -m tests.test_docs"


def write_tables() -> None:
    for file, table in TABLES.items():
        lines = (DOCS / file).read_text().splitlines()
        first = next(number for number, line in enumerate(lines) if line.startswith("|"))
        last = next((n for n in range(first, len(lines)) if not lines[n].startswith("|")), len(lines))
        lines[first:last] = table().splitlines()
        (DOCS / file).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    write_tables()
