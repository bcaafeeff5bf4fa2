"""Options shared by several commands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


class WholeNumber(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4
    """A whole number; invalid ones are refused in the same words as recipe fields."""

    name = "N"

    def __init__(self, minimum: int, maximum: int) -> None:
        self._minimum, self._maximum = minimum, maximum

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            number = int(value)
        except ValueError:
            number = self._minimum - 1
        if not self._minimum <= number <= self._maximum:
            self.fail(f"{value!r} is not {self._allowed()}", param, ctx)
        return number

    def _allowed(self) -> str | None:
        from gifapp.domain.validation_errors import allowed_values  # `--help` needs no pydantic

        return allowed_values({"type": "integer", "minimum": self._minimum, "maximum": self._maximum})


data_dir = click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where gifapp keeps its data. [default: GIFAPP_DATA_DIR, or ~/.local/share/gifapp on Linux]",
)
host = click.option("--host", help="The address to listen on. [default: GIFAPP_HOST, or 127.0.0.1]")
port = click.option(
    "--port",
    type=WholeNumber(0, 65_535),
    help="The port to listen on; 0 picks a free one. [default: GIFAPP_PORT, or 8866]",
)
recipe_file = click.option(
    "--recipe",
    "recipe_file",
    type=click.File("rb"),
    metavar="FILE.json",
    help="Recipe file (JSON); the options below override its fields.",
)
quiet = click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
owner = click.option("--owner", metavar="EMAIL", help="Show only this account's jobs.")
limit = click.option(
    "--limit", type=WholeNumber(1, 100_000), default=50, show_default=True, help="Show at most this many."
)
