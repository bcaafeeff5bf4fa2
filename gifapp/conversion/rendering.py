"""From the probed video to the finished pictures: what every format is written from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from gifapp.conversion import compose, source
from gifapp.conversion.frame import Frame, Pixels
from gifapp.conversion.frame_store import FrameStore
from gifapp.conversion.plan import Plan, make_plan
from gifapp.conversion.progress import Reporter
from gifapp.conversion.video import Video
from gifapp.domain.limits import Limits
from gifapp.domain.recipe import Direction, Recipe
from gifapp.domain.timing import delays_cs

# shares of the progress bar
PREPARED = 0.05
READ = 0.5  # where the frames are stored before they are composed


@dataclass(frozen=True)
class Rendering:
    """The pictures of a GIF as they play.

    Attributes:
        width_px, height_px: of every frame.
        has_alpha: whether the frames are RGBA.
        delays_cs: how long each frame stays.
        frames: those frames, once, in order; reading them drives ffmpeg.
        notes: plain sentences about what was odd in the source.
    """

    width_px: int
    height_px: int
    has_alpha: bool
    delays_cs: list[int]
    frames: Iterator[Frame]
    notes: tuple[str, ...]


@contextmanager
def rendered(
    path: Path, video: Video, recipe: Recipe, *, limits: Limits, reporter: Reporter
) -> Iterator[Rendering]:
    """What `recipe` makes of the video at `path`. ffmpeg and the files on disk end with the context.

    A clip that plays forward is read as its frames are asked for; any other is read and stored first.

    Raises:
        errors.RangeOutsideSource, errors.CropOutsideSource, errors.SourceTooLong: the recipe does not fit.
        errors.DiskFull, errors.ConversionTooBig: the frames do not fit on the disk.
        errors.GifappError: see `source.frames`, while the frames are read.
    """
    plan = make_plan(video, recipe, limits)
    delays = _delays(plan, recipe.direction)
    reporter.at("reading", PREPARED)
    with (
        closing(source.frames(path, video, plan, limits=limits, beat=reporter.beat)) as frames,
        _played(frames, plan, recipe.direction, reporter) as played,
    ):
        shown = (Frame(pixels, delay_cs) for pixels, delay_cs in zip(played, delays, strict=True))
        yield Rendering(plan.width_px, plan.height_px, plan.has_alpha, delays, shown, video.notes)


@contextmanager
def _played(
    frames: Iterator[Pixels], plan: Plan, direction: Direction, reporter: Reporter
) -> Iterator[Iterator[Pixels]]:
    """The frames in the order they play; stored on disk first where that is not the order they come."""
    if not compose.needs_composition(direction):
        yield frames
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
