"""`gifapp frames`: list the frames of a video or an animation, or export them as PNGs."""

from __future__ import annotations

import json
import sys
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gifapp.commands import options
from gifapp.commands.recipe.options import RecipeCommand
from gifapp.commands.recipe.reading import read_recipe
from gifapp.commands.running import configured_limits, local_file, stoppable_progress
from gifapp.commands.tables import echo_table
from gifapp.domain.recipes.recipe import Recipe

if TYPE_CHECKING:
    from gifapp.conversion.exporting.frame_files import Export

_EXAMPLES = """\b
Examples:
  gifapp frames cat.gif
  gifapp frames cat.gif --zip frames.zip
  gifapp frames clip.mp4 --start 2 --end 4 --width 320 --sheet sheet.png
  gifapp frames cat.gif --still third.png --number 2
"""


_FILE: dict[str, Any] = {"type": click.Path(path_type=Path, dir_okay=False), "metavar": "FILE"}


@click.command(cls=RecipeCommand, epilog=_EXAMPLES)
@click.argument("video", type=click.Path(path_type=Path), callback=local_file)
@click.option("--zip", **_FILE, help="Write the frames as PNGs into this zip, named by number and delay.")
@click.option("--sheet", **_FILE, help="Write all frames on one PNG, each with its number and delay.")
@click.option("--still", **_FILE, help="Write one frame as a PNG; see --number.")
@click.option("--number", type=click.IntRange(min=0), help="The frame for --still; 0, the first, by default.")
@options.recipe_file
@options.quiet
@click.option("--json", "as_json", is_flag=True, help="Print the list of frames as JSON.")
@click.pass_context
def frames(
    ctx: click.Context,
    /,
    video: Path,
    number: int | None,
    *,
    recipe_file: Any,
    quiet: bool,
    as_json: bool,
    **values: Any,
) -> None:
    """List or export the frames of VIDEO that a recipe shows.

    Without --frames, --direction and --preset, the numbers are those that --frames takes. Without size
    options, frames have the size of the GIF: at most 480 pixels wide and high.
    """
    recipe = read_recipe(ctx, recipe_file)
    files: dict[Export, Path | None] = {
        "zip": values["zip"], "sheet": values["sheet"], "frame": values["still"]
    }  # fmt: skip
    wanted = {kind: out for kind, out in files.items() if out is not None}
    if number is not None and "frame" not in wanted:
        raise click.UsageError("--number chooses the frame for --still, which is not given.")
    if as_json and wanted:
        raise click.UsageError(
            "--json lists the frames; it cannot be combined with --zip, --sheet or --still."
        )
    _check_outputs(video, list(wanted.values()))
    if not wanted:
        _list(video, recipe, as_json=as_json)
    for kind, out in wanted.items():
        _export(video, recipe, out, kind, number or 0, quiet=quiet)


def _check_outputs(video: Path, outputs: list[Path]) -> None:
    for out in outputs:
        if not out.parent.is_dir():
            raise click.UsageError(f"There is no folder {str(out.parent)!r}.")
        if out.exists() and video.exists() and out.samefile(video):
            raise click.UsageError(
                f"The export would replace its own source {out.name!r}; choose another name."
            )


def _list(video: Path, recipe: Recipe, *, as_json: bool) -> None:
    from gifapp.conversion.exporting.frame_files import frame_delays_cs

    delays_cs = frame_delays_cs(video, recipe, limits=configured_limits())
    if as_json:
        click.echo(json.dumps({"delays_cs": delays_cs}))
        return
    starts_cs = accumulate(delays_cs[:-1], initial=0)
    rows = [
        (str(number), f"{start_cs / 100:.2f}", str(delay_cs))
        for number, (start_cs, delay_cs) in enumerate(zip(starts_cs, delays_cs, strict=True))
    ]
    echo_table(rows, headings=("frame", "start (s)", "delay (cs)"))


def _export(video: Path, recipe: Recipe, out: Path, kind: Export, number: int, *, quiet: bool) -> None:
    from gifapp.conversion.exporting.frame_files import export_frames

    with stoppable_progress(sys.stderr, quiet=quiet) as on_progress:
        export_frames(
            video, recipe, out, kind, number=number, limits=configured_limits(), on_progress=on_progress
        )
    if not quiet:
        click.echo(str(out))
