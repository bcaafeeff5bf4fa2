"""`gifapp up`."""

from __future__ import annotations

import os
import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gifapp.commands import options
from gifapp.commands.loading import load_settings

if TYPE_CHECKING:
    from gifapp.settings import Settings


@click.command()
@options.host
@options.port
@options.data_dir
@click.option(
    "--workers",
    metavar="MIN..MAX",
    help="The minimum and maximum number of workers. [default: GIFAPP_WORKERS, or 1..5]",
)
@click.option("--open", "open_browser", is_flag=True, help="Open the page in a browser, if one is available.")
def up(
    host: str | None, port: int | None, data_dir: Path | None, workers: str | None, *, open_browser: bool
) -> None:
    """Run the whole service on this machine until Ctrl-C: Redis, MongoDB, the web server and the workers."""
    from gifapp.up.run import run_up

    def say_ready(running: Settings) -> None:
        click.echo(f"gifapp is ready at {running.url}")
        if open_browser and _has_screen():
            webbrowser.open(running.url)

    run_up(load_settings(host=host, port=port, data_dir=data_dir, workers=workers), on_ready=say_ready)


def _has_screen() -> bool:
    # without a screen, webbrowser would run a text browser in this terminal
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
