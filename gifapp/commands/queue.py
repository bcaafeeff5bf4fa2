"""`gifapp queue`: show, pause and resume the queue."""

from __future__ import annotations

from pathlib import Path

import click

from gifapp.commands import options
from gifapp.commands.administering import administering, show_queue


@click.group()
def queue() -> None:
    """Show, pause and resume the queue."""


@queue.command()
@options.as_json
@options.data_dir
def show(as_json: bool, data_dir: Path | None) -> None:
    """Show the state of the queue."""
    with administering(data_dir) as opened:
        show_queue(opened.administration.queue(), as_json=as_json)


@queue.command()
@options.data_dir
def pause(data_dir: Path | None) -> None:
    """Pause the queue: running jobs continue, new ones wait."""
    with administering(data_dir) as opened:
        queue = opened.administration.pause()
        click.echo(f"The queue is paused; {queue.running} running, {queue.due} waiting.")


@queue.command()
@options.data_dir
def resume(data_dir: Path | None) -> None:
    """Resume the queue."""
    with administering(data_dir) as opened:
        queue = opened.administration.resume()
        click.echo(f"The queue is running; {queue.running} running, {queue.due} waiting.")
