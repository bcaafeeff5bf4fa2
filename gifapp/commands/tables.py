"""Prints tables on the command line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from gifapp.domain.wording import printable

if TYPE_CHECKING:  # `--help` needs no rich
    from rich.table import Table
    from rich.text import Text

_UNBOUNDED = 10**6

Row = Sequence["str | Text"]


def echo_table(rows: Iterable[Row], *, headings: Sequence[str] = ()) -> None:
    """Print one line per row, whatever the terminal's width, so that `grep` works."""
    from rich.console import Console

    console = Console(width=_UNBOUNDED, color_system=None)
    with console.capture() as capture:
        console.print(make_table(rows, headings=headings))
    for line in capture.get().splitlines():
        click.echo(line.rstrip())


def make_table(rows: Iterable[Row], *, headings: Sequence[str] = ()) -> Table:
    """The rows in aligned columns. Plain strings are shown literally, without control characters."""
    from rich.table import Table
    from rich.text import Text

    table = Table(*headings, box=None, show_header=bool(headings), header_style="", pad_edge=False)
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(printable(cell)) for cell in row))
    return table
