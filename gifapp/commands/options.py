"""Options shared by several commands."""

from __future__ import annotations

from pathlib import Path

import click

data_dir = click.option(
    "--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Where everything is kept."
)
host = click.option("--host", help="The address to listen on.")
port = click.option(
    "--port", type=click.IntRange(0, 65535), help="The port to listen on; 0 takes a free one."
)
