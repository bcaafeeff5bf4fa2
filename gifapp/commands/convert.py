"""`gifapp convert`: converts a video or pictures to a GIF without a server."""

from __future__ import annotations

import json
import logging
import mimetypes
import sys
from pathlib import Path, PurePath
from typing import Any

import click

from gifapp.commands import options
from gifapp.commands.recipe.options import RecipeCommand
from gifapp.commands.recipe.reading import read_recipe
from gifapp.commands.running import configured_limits, local_file, stoppable_progress
from gifapp.domain.recipes.output_formats import FILE_KINDS
from gifapp.domain.recipes.output_names import format_of
from gifapp.domain.recipes.recipe import Format
from gifapp.domain.wording import size

_EXAMPLES = """\b
Examples:
  gifapp convert clip.mp4 --start 12 --end 15 --caption 'Hello'
  gifapp convert clip.mp4 --target-size 1MB
  gifapp convert clip.mp4 --preset slack_emoji
  gifapp convert film.mkv --start 1:30 --end 1:34 --subtitles film.srt
  gifapp convert screen.webm --speed 2 --width 960
  gifapp convert clip.mp4 --segment 0-2 --segment 8-10 --crossfade 0.5
  gifapp convert pictures/ --fps 5 -o slides.webp
"""


def _output(ctx: click.Context, param: click.Parameter, value: Path | None) -> Path | None:
    if value is None:
        return None
    if not value.parent.is_dir():
        raise click.BadParameter(f"there is no folder {str(value.parent)!r}", ctx, param)
    kind, _ = mimetypes.guess_type(value.name)
    if kind and kind.startswith(("video/", "image/")) and format_of(value) is None:
        made = ", ".join(suffix for kind in FILE_KINDS.values() for suffix in kind.suffixes)
        raise click.BadParameter(
            f"{value.suffix} is not a supported output format; choose from {made}", ctx, param
        )
    return value


@click.command(cls=RecipeCommand, epilog=_EXAMPLES)
@click.argument("video", type=click.Path(path_type=Path), callback=local_file)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=_output,
    help="Output file; its suffix selects the format: "
    f"{', '.join(kind.suffix for kind in FILE_KINDS.values())}. "
    "[default: next to the video, with its name]",
)
@options.recipe_file
@click.option("--compare", is_flag=True, help="Also make the other formats and print their sizes.")
@options.quiet
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_context
def convert(
    ctx: click.Context,
    /,
    video: Path,
    output: Path | None,
    *,
    recipe_file: Any,
    compare: bool,
    quiet: bool,
    as_json: bool,
    **fields: Any,  # noqa: ARG001  those of the recipe
) -> None:
    """Convert VIDEO into a GIF.

    VIDEO may also be an animated WebP or PNG, a picture, or a folder or a zip of pictures, shown in
    order of file name at --fps pictures per second.
    """
    recipe = read_recipe(ctx, recipe_file)
    from gifapp.conversion.pipeline import convert as make_gif

    if quiet:
        logging.disable(logging.WARNING)
    with stoppable_progress(sys.stderr, quiet=quiet) as on_progress:
        report = make_gif(
            video,
            recipe,
            output or _beside(video, recipe.format),
            on_progress,
            limits=configured_limits(),
            compare=compare,
        )
    if as_json:
        click.echo(json.dumps(report.as_json()))
    elif not quiet:
        click.echo(f"{report.path}: {report.summary}")
        for name, size_bytes in report.alternatives.items():
            share = size_bytes / report.bytes
            click.echo(f"  {FILE_KINDS[name].name:4} {size(size_bytes):>9} {share:>6.0%}")
        for note in report.notes:
            click.echo(f"  {note}", err=True)


def _beside(source: Path, made: Format) -> Path:
    """The source's path with the output's suffix; never the source itself."""
    name = source.name or source.resolve().name or "gifapp"  # `.` has an empty name
    stem = name if source.is_dir() else PurePath(name).stem
    beside = source.parent / f"{stem}{FILE_KINDS[made].suffix}"
    if beside.name.lower() == source.name.lower():
        return beside.with_stem(f"{beside.stem}-converted")
    return beside
