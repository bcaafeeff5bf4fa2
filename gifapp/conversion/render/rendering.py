"""Renders a probed video into the finished frames that every writer encodes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import repeat, starmap
from pathlib import Path

from gifapp.conversion import play_times
from gifapp.conversion.decode import ffmpeg
from gifapp.conversion.decode.blend import faded
from gifapp.conversion.frame import Frame, Pixels
from gifapp.conversion.frame_store import FrameStore
from gifapp.conversion.plan import Plan, make_plan
from gifapp.conversion.progress import Reporter
from gifapp.conversion.render import reorder
from gifapp.conversion.text import compositing as words
from gifapp.conversion.text.subtitle_tracks import with_text_track
from gifapp.conversion.video import Video
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.timing import MAX_PLAYS

# expected times, which divide the progress bar; seconds on two cores
_START_S, _READ_S, _WRITE_S = 0.1, 2e-9, 40e-9  # ffmpeg's start, per source pixel, per GIF pixel

DAMAGED = "Part of the video is damaged: some pictures may be missing or show blocks."


@dataclass(frozen=True)
class Rendering:
    """The frames of a GIF in playing order.

    Attributes:
        width_px, height_px: the size of every frame.
        has_alpha: whether the frames are RGBA.
        delays_cs: the delay of each frame.
        frames: an iterator over the frames, which can be read once; reading drives ffmpeg.
        notes: sentences about what was unusual in the source.
        loop: how many times they play, 0 forever.
        is_lossless: whether the source is lossless.
        notes_on_reading: sentences about what was unusual while the frames were read; grows meanwhile.
    """

    width_px: int
    height_px: int
    has_alpha: bool
    delays_cs: list[int]
    frames: Iterator[Frame]
    notes: tuple[str, ...]
    loop: int = 0
    is_lossless: bool = True
    notes_on_reading: list[str] = field(default_factory=list)


@contextmanager
def rendered(
    path: Path, video: Video, recipe: Recipe, *, limits: Limits, reporter: Reporter
) -> Iterator[Rendering]:
    """Render the video at `path` by `recipe`. Leaving the context stops ffmpeg and deletes temporary files.

    A clip that plays forward is decoded lazily; otherwise it is decoded and stored first.

    Raises:
        errors.RangeOutsideSource, errors.CropOutsideSource, errors.SourceTooLong: the recipe does not fit.
        errors.RecipeInvalid: the overlay or the subtitles cannot be read.
        errors.DiskFull, errors.ConversionTooBig: the frames do not fit on the disk.
        errors.GifappError: see `ffmpeg.frames`, while the frames are read.
    """
    recipe = with_text_track(recipe, path, limits=limits, checkpoint=reporter.checkpoint)
    plan = make_plan(video, recipe, limits)
    layers, notes_on_words = words.layers(plan, checkpoint=reporter.checkpoint)
    delays, played_cs = play_times.shown_cs(plan), play_times.played_cs(plan)
    reading_s, writing_s = _expected_s(video, plan, len(delays))
    reporter.prepared(reading_s + writing_s)
    stored_at = reporter.fraction + (1 - reporter.fraction) * reading_s / (reading_s + writing_s)
    notes_on_reading: list[str] = []

    def note_damage() -> None:
        notes_on_reading[:] = [DAMAGED]

    reading = ffmpeg.frames(
        path, video, plan, limits=limits, checkpoint=reporter.checkpoint, on_damage=note_damage
    )
    with (
        closing(reading) as read,
        _played(read, plan, reporter, stored_at) as played,
    ):
        pictures = _staying(played, len(delays) - len(played_cs))
        frames = starmap(Frame, zip(pictures, delays, strict=True))
        shown = words.composite(faded(frames, recipe.look, sum(played_cs) / 100), layers)
        notes = (*video.notes, *notes_on_words)
        yield Rendering(
            plan.width_px,
            plan.height_px,
            plan.has_alpha,
            delays,
            shown,
            notes,
            loop=_plays(video, recipe),
            is_lossless=video.is_lossless,
            notes_on_reading=notes_on_reading,
        )


@contextmanager
def _played(
    frames: Iterator[Pixels], plan: Plan, reporter: Reporter, stored_at: float
) -> Iterator[Iterator[Pixels]]:
    """The frames in playing order; stored on disk first if that differs from the source's order.

    `stored_at` is the progress once all are stored.
    """
    numbers, direction = sorted(set(plan.order)), plan.recipe.direction
    if not reorder.needs_reordering(plan.order, direction):
        yield reorder.repeated(frames, plan.order)
        return
    begin = reporter.fraction
    with closing(FrameStore(plan.shape)) as store:
        for count, frame in enumerate(reorder.repeated(frames, numbers), 1):
            store.append(frame)
            reporter.at("reading", begin + (stored_at - begin) * count / len(numbers))
        yield reorder.reordered(reorder.Listed(store, numbers, plan.order), plan.fps, direction)


def _staying(pictures: Iterator[Pixels], times: int) -> Iterator[Pixels]:
    """The pictures, with the last one repeated `times` more."""
    for picture in pictures:
        yield picture
    yield from repeat(picture, times)


def _expected_s(video: Video, plan: Plan, frames: int) -> tuple[float, float]:
    """The approximate times for reading and writing."""
    decoded = plan.duration_s * plan.recipe.speed * (video.fps or 1)
    passes = 2 if plan.recipe.look.stabilise else 1
    read_px = passes * decoded * video.stored_width_px * video.stored_height_px
    return _START_S + _READ_S * read_px, _WRITE_S * frames * plan.width_px * plan.height_px


def _plays(video: Video, recipe: Recipe) -> int:
    """How many times the result plays: by the recipe, else by the source."""
    if recipe.loop is not None:
        return recipe.loop
    return min(video.plays or 0, MAX_PLAYS + (recipe.format == "gif"))  # a GIF counts repeats
