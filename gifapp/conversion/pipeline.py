"""The whole conversion: from a video and a recipe to a file in any output format."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

from gifapp import errors
from gifapp.conversion.comparing import Make, OnProgress, in_parts, other_sizes
from gifapp.conversion.encoders import writers
from gifapp.conversion.encoders.writers import Written
from gifapp.conversion.gif import encoder
from gifapp.conversion.intake.colouring import Colouring
from gifapp.conversion.intake.options import FrameOptions
from gifapp.conversion.intake.python_input import as_file, expected_frames, is_read_once
from gifapp.conversion.output import published
from gifapp.conversion.probing.probe import probed
from gifapp.conversion.progress import Flow, Reporter, Stored
from gifapp.conversion.progress_bar import listener
from gifapp.conversion.render import platform_limits
from gifapp.conversion.render.rendering import Rendering, rendered
from gifapp.conversion.report import GifReport
from gifapp.conversion.video import Video
from gifapp.domain.job import Progress
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.output_names import for_output
from gifapp.domain.recipes.preset_limits import preset_of, within_preset
from gifapp.domain.recipes.recipe import Format, Recipe
from gifapp.domain.timing import MAX_FPS, STANDARD_FPS

__all__ = ["GifReport", "convert", "convert_file"]


def convert(
    source: Any,
    recipe: Recipe | None = None,
    output: str | Path | None = None,
    on_progress: OnProgress | None = None,
    *,
    durations_s: Sequence[float] | None = None,
    cmap: Any = None,
    vmin: float | None = None,
    vmax: float | None = None,
    limits: Limits | None = None,
    compare: bool = False,
) -> GifReport:
    """Make a GIF of `source`.

    Args:
        source: the path of a video, a picture, or a folder or zip of pictures; the bytes of such a file, or a
            binary file object; an array or tensor of frames (n, height, width), with 1, 3 or 4 channels after
            or before height and width, uint8 or floats from 0 to 1, NaN being transparent; an iterable of
            such frames, Pillow images or figures; a MoviePy clip; a matplotlib animation; a plotly figure
            with frames; an OpenCV capture. Frames play at `recipe.fps`; animations keep their own rate
            unless the recipe sets one.
        recipe: how to convert it; the defaults give a good GIF.
        output: where to write the GIF; without it, the report holds the GIF. If the recipe sets no format,
            the file name does: `clip.webp`, `clip.avif`, `clip.png` (an APNG), `clip.mp4`, `clip.webm`.
        on_progress: called with the progress; if it raises, the conversion ends. Without it, a bar appears in
            terminals and notebooks; see `gifapp.options`.
        durations_s: how long each frame is shown, in seconds.
        cmap: a matplotlib colormap or its name, for grey frames.
        vmin: the number in the frames that is shown as black, or as the lower end of `cmap`; by default
            with `cmap` or `vmax`, the least of all frames.
        vmax: the number that is shown as white, or as the upper end of `cmap`; by default likewise the
            greatest.
        limits: how much the conversion may use.
        compare: also make the other formats, and report their sizes.

    Returns:
        The report, which displays itself as the GIF in a notebook.

    Raises:
        errors.BadInput: the source or the recipe cannot be used.
        errors.OutputNotWritable, errors.OutputIsSource, errors.FormatContradicted: the output cannot be used.
    """
    recipe, limits = recipe or Recipe(), limits or Limits()
    if output is not None:
        recipe = for_output(recipe, Path(output))
    options = FrameOptions(Colouring(cmap, vmin, vmax), durations_s)
    with listener(on_progress) as report:
        made = _converted(source, recipe, output, report, options=options, limits=limits, compare=compare)
    if is_read_once(source):
        return refitting_itself(made, limits)
    shown = {"durations_s": durations_s, "cmap": cmap, "vmin": vmin, "vmax": vmax}
    return replace(made, refit=partial(_refitted, source, recipe, limits=limits, **shown))


def refitting_itself(report: GifReport, limits: Limits) -> GifReport:
    """The report of a source that is gone: `shrink` starts from its own file, at its rate and size."""
    longest_px = max(report.width_px, report.height_px)
    recipe = Recipe(format=report.format, fps=MAX_FPS, width_px=longest_px, height_px=longest_px)
    return replace(report, refit=partial(_refitted, report, recipe, limits=limits))


def _refitted(source: Any, recipe: Recipe, target_bytes: int, **options: Any) -> GifReport:
    """Convert a source, or the file of a report, to fit a size."""
    if isinstance(source, GifReport):
        source = source.read_bytes()
    values = recipe.model_dump(mode="json", exclude_unset=True) | {"target_bytes": target_bytes}
    return convert(source, Recipe.parse(values), **options)


def _converted(
    source: Any,
    recipe: Recipe,
    output: str | Path | None,
    report: OnProgress,
    *,
    options: FrameOptions,
    limits: Limits,
    compare: bool,
) -> GifReport:
    is_file = isinstance(source, str | PathLike)
    storing, report = (report, report) if is_file else in_parts(report, 2)
    on_frame = Stored(Reporter(storing, limits.deadline_s), expected_frames(source)).note
    fps = recipe.fps or STANDARD_FPS
    with as_file(source, fps=fps, on_frame=on_frame, options=options) as taken:
        if output is not None:
            _refuse_same_file(taken.path, Path(output))
        recipe = keeping_frames(recipe, taken.fps)
        make = partial(convert_file, taken.path, limits=limits)
        alternatives: dict[Format, int] = {}
        if compare:
            *other_reports, report = in_parts(report)
            alternatives = other_sizes(recipe, make, other_reports)
        return replace(_made(make, recipe, output, report), alternatives=alternatives)


def convert_file(
    path: Path,
    recipe: Recipe,
    out: Path,
    *,
    limits: Limits,
    on_progress: Callable[[Progress], None],
    video: Video | None = None,
    still: Path | None = None,
) -> GifReport:
    """Convert the file `path` to `out`, which appears complete or not at all.

    `video` is the probe's result, if known. `still`: where to write the first frame, see `first_frame`.

    Call it from a thread that outlives the conversion: ffmpeg dies with that thread.

    Raises:
        errors.GifappError: see `convert`; and whatever `on_progress` raises.
    """
    reporter = Reporter(on_progress, limits.deadline_s)
    reporter.checkpoint()
    video = probed(video, path, limits=limits, checkpoint=reporter.checkpoint)
    with rendered(path, video, within_preset(recipe), limits=limits, reporter=reporter) as whole:
        return write_file(whole, recipe, out, limits=limits, reporter=reporter, still=still)


def write_file(
    whole: Rendering,
    recipe: Recipe,
    out: Path,
    *,
    limits: Limits,
    reporter: Reporter,
    still: Path | None = None,
) -> GifReport:
    """Write the rendering of a recipe to `out`, as `convert_file` does.

    Raises:
        errors.GifappError: see `convert`; and whatever the reporter raises.
    """
    recipe, preset = within_preset(recipe), preset_of(recipe)
    with published(out, limit_bytes=limits.max_gif_bytes) as file:
        rendering = writers.prepared(platform_limits.within(whole, preset), recipe.format)
        if still is not None:
            from gifapp.conversion.first_frame import saving_first  # noqa: PLC0415  loads Pillow

            rendering = replace(rendering, frames=saving_first(rendering.frames, still))
        written = _written(rendering, file, recipe, limits, reporter)
    return GifReport(
        frames=written.frames,
        duration_s=(written.duration_cs or sum(rendering.delays_cs)) / 100,
        bytes=written.bytes,
        width_px=written.width_px,
        height_px=written.height_px,
        colours=written.colours,
        engine_s=round(reporter.elapsed_s, 3),
        format=recipe.format,
        path=out,
        notes=(*rendering.notes, *rendering.notes_on_reading, *written.notes),
    )


def keeping_frames(recipe: Recipe, fps: float | None) -> Recipe:
    """The recipe at the source's own rate if that is above the standard one, unless the recipe sets one."""
    if fps is None or fps <= STANDARD_FPS or recipe.fps is not None:
        return recipe
    return recipe.model_copy(update={"fps": fps})


def _made(make: Make, recipe: Recipe, output: str | Path | None, on_progress: OnProgress) -> GifReport:
    """The report, which holds the GIF if there is no output path."""
    if output is not None:
        return make(recipe, Path(output), on_progress=on_progress)
    with tempfile.TemporaryDirectory(prefix="gifapp-") as directory:
        report = make(recipe, Path(directory) / "gif", on_progress=on_progress)
        return replace(report, path=None, data=report.read_bytes())


def _refuse_same_file(path: Path, output: Path) -> None:
    if path.exists() and output.exists() and path.samefile(output):
        raise errors.OutputIsSource(name=path.name)


def _written(
    rendering: Rendering, file: BinaryIO, recipe: Recipe, limits: Limits, reporter: Reporter
) -> Written:
    if recipe.target_bytes is not None:
        from gifapp.conversion.sizing.fit import fit  # noqa: PLC0415  most conversions do without it

        fitted = fit(
            rendering,
            file,
            recipe,
            target_bytes=recipe.target_bytes,
            limits=limits,
            reporter=reporter,
        )
        written = fitted.written
    elif recipe.format == "gif":
        written = _written_gif(rendering, file, recipe, reporter)
    else:
        written = _written_otherwise(rendering, Path(file.name), recipe, limits, reporter)
    reporter.at("writing", 1)
    return written


def _written_gif(rendering: Rendering, file: BinaryIO, recipe: Recipe, reporter: Reporter) -> Written:
    width_px, height_px = rendering.width_px, rendering.height_px
    flow = Flow(reporter, len(rendering.delays_cs), encoder.GROUP_FRAMES)
    encoded = encoder.encode(
        flow.reading(rendering.frames),
        file,
        width_px=width_px,
        height_px=height_px,
        loop=rendering.loop,
        style=encoder.Style.of(recipe, is_lossless=rendering.is_lossless),
        on_frame=flow.note_written,
        checkpoint=reporter.checkpoint,
    )
    return Written(encoded.frames, encoded.bytes, width_px, height_px, encoded.colours)


def _written_otherwise(
    rendering: Rendering, out: Path, recipe: Recipe, limits: Limits, reporter: Reporter
) -> Written:
    begin, steps = reporter.fraction, len(rendering.delays_cs) + 1  # the last step completes the file

    def on_frame(done: int) -> None:
        reporter.at("writing", begin + (1 - begin) * done / steps)

    return writers.write(
        rendering, recipe, out, limits=limits, on_frame=on_frame, checkpoint=reporter.checkpoint
    )
