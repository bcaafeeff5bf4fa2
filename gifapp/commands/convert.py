"""`gifapp convert`: a video to a GIF, without any server."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO, get_args

import click

from gifapp import errors
from gifapp import settings as configured
from gifapp.domain.job import Progress
from gifapp.domain.recipe import Direction, Dither, Recipe

SLOW_START_S = 2.0


def _crop(ctx: click.Context, param: click.Parameter, value: str | None) -> dict[str, int] | None:  # noqa: ARG001
    if value is None:
        return None
    try:
        x, y, width, height = (int(part) for part in value.split(","))
    except ValueError:
        raise click.BadParameter(f"{value!r} is not X,Y,W,H in whole pixels, as 0,0,320,240") from None
    return {"x_px": x, "y_px": y, "width_px": width, "height_px": height}


@click.command()
@click.argument("video", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="The GIF; default: beside the video, ending in .gif.",
)
@click.option("--start", "start_s", type=float, metavar="S", help="Where to begin, in seconds.")
@click.option("--end", "end_s", type=float, metavar="S", help="Where to end, in seconds.")
@click.option("--crop", callback=_crop, metavar="X,Y,W,H", help="Keep this part of the upright picture.")
@click.option("--width", "width_px", type=int, metavar="PX", help="The widest the GIF may be.")
@click.option("--height", "height_px", type=int, metavar="PX", help="The highest the GIF may be.")
@click.option("--fps", type=float, help="Frames per second, 1 to 50; default: 12.5.")
@click.option("--speed", type=float, help="How many times as fast, 0.1 to 10.")
@click.option("--direction", type=click.Choice(get_args(Direction)), help="Which way it plays.")
@click.option("--loop", type=int, metavar="N", help="How often it plays; 0 is for ever.")
@click.option("--colours", type=int, metavar="N", help="Colours of a palette, 2 to 256.")
@click.option("--dither", type=click.Choice(get_args(Dither)), help="How missing colours are mixed.")
@click.option(
    "--recipe",
    "recipe_file",
    type=click.File("rb"),
    metavar="FILE.json",
    help="A recipe; options replace its fields.",
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def convert(
    video: Path, output: Path | None, *, recipe_file: Any, quiet: bool, as_json: bool, **fields: Any
) -> None:
    """Convert VIDEO into a GIF."""
    recipe = _recipe(recipe_file, fields)
    from gifapp.conversion.pipeline import convert as make_gif  # noqa: PLC0415  # NumPy and Numba: not for --help

    stop = _Stop()
    with _progress(sys.stderr, quiet=quiet) as show:

        def on_progress(progress: Progress) -> None:
            stop.check()
            if show:
                show(progress)

        report = make_gif(
            video, recipe, output or _beside(video), on_progress, limits=configured.load().limits
        )
    if as_json:
        click.echo(json.dumps(report.as_json()))
    elif not quiet:
        click.echo(f"{report.path}: {report.summary}")
        for note in report.notes:
            click.echo(f"  {note}", err=True)


class _Stop:
    """Ctrl-C and SIGTERM end the command at its next step, so that ffmpeg and the unfinished GIF go too.

    Nothing is raised where the signal happens to arrive: that may be inside a lock of a library. A
    second signal ends the process at once.
    """

    def __init__(self) -> None:
        self._heard: int | None = None
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._hear)

    def _hear(self, number: int, frame: object) -> None:  # noqa: ARG002
        self._heard = number
        signal.signal(number, signal.SIG_DFL)

    def check(self) -> None:
        """Exit if a signal came."""
        if self._heard is not None:
            sys.exit(128 + self._heard)


def _recipe(file: Any, fields: dict[str, Any]) -> Recipe:
    given = {name: value for name, value in fields.items() if value is not None}
    segment = {name: given.pop(name) for name in ("start_s", "end_s") if name in given}
    if segment:
        given["segments"] = [segment]
    try:
        return Recipe.parse(_read_recipe(file) | given)
    except errors.RecipeInvalid as wrong:
        raise click.UsageError(str(wrong)) from None


def _read_recipe(file: Any) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        recipe = json.load(file)
    except (ValueError, RecursionError) as broken:  # no JSON, or no text
        raise errors.RecipeInvalid(problems=f"{file.name} is not JSON ({broken})") from None
    if not isinstance(recipe, dict):
        raise errors.RecipeInvalid(problems=f"{file.name} holds no JSON object")
    return recipe


def _beside(video: Path) -> Path:
    """The video's name ending in .gif; a GIF never replaces itself."""
    is_gif = video.suffix.lower() == ".gif"
    return video.with_name(f"{video.stem}{'-converted' if is_gif else ''}.gif")


@contextmanager
def _progress(stream: TextIO, *, quiet: bool) -> Iterator[Callable[[Progress], None] | None]:
    """A bar, on a terminal only."""
    if quiet or not stream.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, TextColumn  # noqa: PLC0415
    from rich.progress import Progress as Bar  # noqa: PLC0415

    columns = (
        TextColumn("{task.description:9}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TextColumn("{task.fields[note]}"),
    )
    with Bar(*columns, console=Console(file=stream), transient=True) as bar:
        task = bar.add_task("preparing", total=1.0, note="")

        def show(progress: Progress) -> None:
            note = _note(progress, bar.tasks[task].elapsed or 0)
            bar.update(task, completed=progress.fraction, description=progress.phase, note=note)

        yield show


def _note(progress: Progress, elapsed_s: float) -> str:
    if progress.phase == "preparing" and elapsed_s > SLOW_START_S:
        return "the first time, the engine is compiled"
    return f"{progress.eta_s:.0f} s left" if progress.eta_s is not None else ""
