"""Options shared by several commands."""

from __future__ import annotations

from pathlib import Path

import click

data_dir = click.option(
    "--data-dir", type=click.Path(path_type=Path, file_okay=False), help="The data directory."
)
host = click.option("--host", help="The address to listen on.")
port = click.option(
    "--port", type=click.IntRange(0, 65535), help="The port to listen on; 0 picks a free one."
)
