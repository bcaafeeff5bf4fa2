"""Exports the frames of a clip: as PNGs in a zip, as a contact sheet, or one of them."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Literal

from PIL import Image

from gifapp import errors
from gifapp.conversion.exporting.contact_sheet import contact_sheet
from gifapp.conversion.frame import Frame, Pixels
from gifapp.conversion.output import published
from gifapp.conversion.probing.probe import probed
from gifapp.conversion.progress import Reporter
from gifapp.conversion.render import platform_limits
from gifapp.conversion.render.rendering import Rendering, rendered
from gifapp.conversion.video import Video
from gifapp.domain.frame_strip import MAX_EXPORTED_FRAMES
from gifapp.domain.job import Progress
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.preset_limits import preset_of, within_preset
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.timing import MAX_FPS

Export = Literal["zip", "sheet", "frame"]
"""What to make: PNGs in a zip, a contact sheet, or one frame; the last two are PNGs."""


def export_frames(
    path: Path,
    recipe: Recipe | None,
    out: Path,
    kind: Export,
    *,
    number: int = 0,
    limits: Limits,
    on_progress: Callable[[Progress], None],
) -> None:
    """Write the frames that the recipe shows of the file `path`; `out` appears complete or not at all.

    Without a recipe, all frames at their own size. `number`, from 0: which one, of an export of one frame.

    Raises:
        errors.TooManyFrames: there are more than `domain.frame_strip.MAX_EXPORTED_FRAMES`.
        errors.FieldInvalid: no frame has this number.
        errors.GifappError: see `pipeline.convert_file`.
    """
    reporter = Reporter(on_progress, limits.deadline_s)
    video = probed(None, path, limits=limits, checkpoint=reporter.checkpoint)
    with (
        _rendered(path, video, recipe or _as_it_is(video), limits, reporter) as rendering,
        published(out, limit_bytes=limits.max_gif_bytes) as file,
    ):
        _write(rendering, file, kind, number)


def frame_delays_cs(path: Path, recipe: Recipe, *, limits: Limits) -> list[int]:
    """The delays of the frames that the recipe shows of the file `path`, in centiseconds.

    Raises:
        errors.GifappError: see `pipeline.convert_file`.
    """
    reporter = Reporter(lambda _: None, limits.deadline_s)
    video = probed(None, path, limits=limits, checkpoint=reporter.checkpoint)
    with _rendered(path, video, recipe, limits, reporter) as rendering:
        return rendering.delays_cs


@contextmanager
def _rendered(
    path: Path, video: Video, recipe: Recipe, limits: Limits, reporter: Reporter
) -> Iterator[Rendering]:
    recipe = within_preset(recipe)
    with rendered(path, video, recipe, limits=limits, reporter=reporter) as whole:
        rendering = platform_limits.within(whole, preset_of(recipe))
        yield replace(rendering, frames=_reported(rendering, reporter))


def _reported(rendering: Rendering, reporter: Reporter) -> Iterator[Frame]:
    """The frames; each is reported when the next one is needed."""
    begin, count = reporter.fraction, len(rendering.delays_cs)
    for number, frame in enumerate(rendering.frames, 1):
        yield frame
        reporter.at("writing", begin + (1 - begin) * number / count)


def _as_it_is(video: Video) -> Recipe:
    """A recipe that changes neither size nor times, as far as frames have a common rate."""
    fps = None if video.is_pictures or video.fps is None else min(MAX_FPS, video.fps)
    return Recipe(width_px=video.width_px, height_px=video.height_px, fps=fps)


def _write(rendering: Rendering, file: BinaryIO, kind: Export, number: int) -> None:
    count = len(rendering.delays_cs)
    if kind == "frame":
        if number >= count:
            raise errors.FieldInvalid(field="number", problem=f"must be from 0 to {count - 1} (got {number})")
        file.write(_png(next(islice(rendering.frames, number, None)).pixels))
        return
    if count > MAX_EXPORTED_FRAMES:
        raise errors.TooManyFrames(frames=count, limit=MAX_EXPORTED_FRAMES)
    if kind == "zip":
        _write_zip(rendering.frames, file)
    else:
        file.write(_png(contact_sheet(rendering.frames, count, rendering.width_px, rendering.height_px)))


def _write_zip(frames: Iterator[Frame], file: BinaryIO) -> None:
    with zipfile.ZipFile(file, "w") as pictures:
        for number, (pixels, delay_cs) in enumerate(frames):
            pictures.writestr(f"frame-{number:03}-{delay_cs * 10}ms.png", _png(pixels))


def _png(pixels: Pixels) -> bytes:
    png = BytesIO()
    Image.fromarray(pixels).save(png, "PNG")
    return png.getvalue()
