"""Options shared by several commands."""

from __future__ import annotations

from pathlib import Path

import click

data_dir = click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where gifapp keeps its data. [default: GIFAPP_DATA_DIR, or ~/.local/share/gifapp on Linux]",
)
host = click.option("--host", help="The address to listen on. [default: GIFAPP_HOST, or 127.0.0.1]")
port = click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="The port to listen on; 0 picks a free one. [default: GIFAPP_PORT, or 8866]",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
owner = click.option("--owner", metavar="EMAIL", help="Show only this account's jobs.")
limit = click.option(
    "--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="Show at most this many."
)
