"""A video and a recipe in, a GIF out."""

from __future__ import annotations

import errno
import secrets
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from gifapp import errors
from gifapp.conversion import compose, encoder, source
from gifapp.conversion.frame import Frame, Pixels
from gifapp.conversion.frame_store import FrameStore
from gifapp.conversion.intake import as_file
from gifapp.conversion.plan import Plan, make_plan
from gifapp.conversion.probe import probe
from gifapp.conversion.progress import Reporter
from gifapp.conversion.report import GifReport
from gifapp.domain.job import Progress
from gifapp.domain.limits import Limits
from gifapp.domain.recipe import Direction, Recipe
from gifapp.domain.timing import delays_cs

__all__ = ["GifReport", "convert", "convert_file"]

# shares of the progress bar
PREPARED = 0.05
READ = 0.5  # where the frames are stored before they are composed


def convert(
    given: Any,
    recipe: Recipe | None = None,
    output: str | Path | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    *,
    limits: Limits | None = None,
) -> GifReport:
    """Make a GIF of `given`.

    Args:
        given: the path of a video, its bytes, an array of uint8 frames (n, height, width, 3 or 4) that
            shows `recipe.fps` of them a second, or a MoviePy clip.
        recipe: what to make of it; the defaults give a good GIF.
        output: where to write the GIF; without it the report holds the GIF.
        on_progress: hears of every step; what it raises ends the conversion.
        limits: how much the conversion may use.

    Returns:
        The report, which shows itself as the GIF in a notebook.

    Raises:
        errors.BadInput: what is wrong with the source or the recipe.
        errors.OutputNotWritable, errors.OutputIsSource: what is wrong with the output.
    """
    recipe, limits, tell = recipe or Recipe(), limits or Limits(), on_progress or _hear_nothing
    with as_file(given, fps=recipe.fps) as path:
        if output is not None:
            _refuse_same_file(path, Path(output))
            return convert_file(path, recipe, Path(output), limits=limits, on_progress=tell)
        with tempfile.TemporaryDirectory(prefix="gifapp-") as directory:
            report = convert_file(path, recipe, Path(directory) / "gif", limits=limits, on_progress=tell)
            return replace(report, path=None, data=report.read_bytes())


def convert_file(
    path: Path,
    recipe: Recipe,
    out: Path,
    *,
    limits: Limits,
    on_progress: Callable[[Progress], None],
) -> GifReport:
    """Make a GIF of the file `path` at `out`, which appears whole or not at all.

    Call it from a thread that outlives the conversion: ffmpeg dies with that thread.

    Raises:
        errors.GifappError: see `convert`; and whatever `on_progress` raises.
    """
    reporter = Reporter(on_progress, limits.deadline_s)
    reporter.beat()
    warming_up = threading.Thread(target=encoder.warm_up, name="warm-up", daemon=True)
    warming_up.start()
    video = probe(path, limits=limits)
    plan = make_plan(video, recipe, limits)
    while warming_up.is_alive():  # the first time ever, it compiles for half a minute
        warming_up.join(source.BEAT_S)
        reporter.beat()
    reporter.at("reading", PREPARED)
    with (
        closing(source.frames(path, video, plan, limits=limits, beat=reporter.beat)) as frames,
        _played(frames, plan, recipe.direction, reporter) as played,
        _published(out, limits) as file,
    ):
        encoded = _encode(played, file, plan, recipe, reporter)
    return GifReport(
        frames=encoded.frames,
        duration_s=sum(_delays(plan, recipe.direction)) / 100,
        bytes=encoded.bytes,
        width_px=plan.width_px,
        height_px=plan.height_px,
        colours=encoded.colours,
        engine_s=round(reporter.elapsed_s, 3),
        path=out,
        notes=video.notes,
    )


def _hear_nothing(progress: Progress) -> None:
    """Nobody asked."""


def _refuse_same_file(path: Path, output: Path) -> None:
    if path.exists() and output.exists() and path.samefile(output):
        raise errors.OutputIsSource(name=path.name)


@contextmanager
def _played(
    frames: Iterable[Pixels], plan: Plan, direction: Direction, reporter: Reporter
) -> Iterator[Iterator[Pixels]]:
    """The frames in the order they play; stored on disk first where that is not the order they come."""
    if not compose.needs_composition(direction):
        yield iter(frames)
        return
    with closing(FrameStore(plan.shape)) as store:
        for number, frame in enumerate(frames, 1):
            store.append(frame)
            reporter.at("reading", PREPARED + (READ - PREPARED) * number / plan.frames)
        yield compose.composed(store, plan.fps, direction)


def _delays(plan: Plan, direction: Direction) -> list[int]:
    """How long each frame stays; a frame keeps its delay whichever way the clip plays."""
    forward = list(delays_cs(plan.duration_s, plan.fps))
    backward = forward[::-1]
    return {"forward": forward, "reverse": backward, "boomerang": forward + backward}[direction]


def _encode(
    played: Iterator[Pixels], file: BinaryIO, plan: Plan, recipe: Recipe, reporter: Reporter
) -> encoder.Encoded:
    delays = _delays(plan, recipe.direction)
    begin = READ if compose.needs_composition(recipe.direction) else PREPARED

    def on_frame(done: int) -> None:
        reporter.at("writing", begin + (1 - begin) * done / len(delays))

    return encoder.encode(
        (Frame(pixels, delay_cs) for pixels, delay_cs in zip(played, delays, strict=True)),
        file,
        width_px=plan.width_px,
        height_px=plan.height_px,
        loop=recipe.loop,
        style=encoder.Style.of(recipe),
        on_frame=on_frame,
    )


class _Bounded:
    """A file that refuses to grow beyond a limit."""

    def __init__(self, file: BinaryIO, limit_bytes: int) -> None:
        self._file = file
        self._left_bytes = limit_bytes

    def write(self, data: bytes) -> int:
        self._left_bytes -= len(data)
        if self._left_bytes < 0:
            raise errors.ConversionTooBig
        return self._file.write(data)


@contextmanager
def _published(out: Path, limits: Limits) -> Iterator[BinaryIO]:
    """A file beside `out` that takes its name at the end, or leaves nothing."""
    part = out.with_name(f".gifapp-{secrets.token_hex(6)}.part")
    try:
        with _translating_os_errors(out):
            with part.open("xb") as file:
                yield _Bounded(file, limits.max_gif_bytes)  # type: ignore[misc]
            part.replace(out)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _translating_os_errors(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as failed:
        if failed.errno in (errno.ENOSPC, errno.EDQUOT):
            raise errors.DiskFull from failed
        if failed.errno == errno.EFBIG:  # the process may not write larger files
            raise errors.ConversionTooBig from failed
        raise errors.OutputNotWritable(path=out, reason=failed.strerror) from failed
