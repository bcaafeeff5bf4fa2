"""Runs a conversion on the command line: its source, its limits, its progress bar, its end by a signal."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click

from gifapp import errors
from gifapp.domain.job import Progress
from gifapp.domain.limits import Limits
from gifapp.domain.wording import PHASES


def local_file(ctx: click.Context, param: click.Parameter, value: Path) -> Path:
    """The callback of an argument that names a source: a URL is refused."""
    if value.parts[:1] in {("http:",), ("https:",)}:
        raise click.BadParameter("it is a URL; download the file first", ctx, param)
    return value


class Stop:
    """Ends the command at its next step after Ctrl-C or SIGTERM, which also cleans up ffmpeg and the output.

    The signal handler raises nothing, since the signal may arrive while a library holds a lock. A second
    signal ends the process at once.
    """

    def __init__(self) -> None:
        self._heard: int | None = None
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._hear)

    def _hear(self, number: int, frame: object) -> None:  # noqa: ARG002
        self._heard = number
        signal.signal(number, signal.SIG_DFL)

    def check(self) -> None:
        """Exit if a signal has arrived."""
        if self._heard is not None:
            sys.exit(128 + self._heard)


def configured_limits() -> Limits:
    """The limits from the settings; works even without a home directory, where there is no data directory."""
    from gifapp import settings_file

    if not settings_file.any_set():
        return Limits()
    from gifapp import settings as configured

    try:
        settings_file.default_data_dir()
    except errors.SettingInvalid:
        return configured.load(data_dir=os.environ.get("GIFAPP_DATA_DIR") or os.devnull).limits
    return configured.load().limits


@contextmanager
def stoppable_progress(stream: TextIO, *, quiet: bool) -> Iterator[Callable[[Progress], None]]:
    """A callback for a conversion's progress: it shows a bar on a terminal, and exits after a signal."""
    stop = Stop()
    with progress_bar(stream, quiet=quiet) as show:

        def on_progress(progress: Progress) -> None:
            stop.check()
            if show:
                show(progress)

        yield on_progress


@contextmanager
def progress_bar(stream: TextIO, *, quiet: bool) -> Iterator[Callable[[Progress], None] | None]:
    """A progress bar, only on a terminal."""
    if quiet or not stream.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    longest = max(map(len, PHASES.values()))
    columns = (
        TextColumn(f"{{task.description:{longest}}}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TextColumn("{task.fields[note]}"),
    )
    with Bar(*columns, console=Console(file=stream), transient=True) as bar:
        task = bar.add_task(PHASES["preparing"], total=1.0, note="")

        def show(progress: Progress) -> None:
            note = f"{progress.eta_s:.0f} s left" if progress.eta_s is not None else ""
            bar.update(task, completed=progress.fraction, description=PHASES[progress.phase], note=note)

        yield show
