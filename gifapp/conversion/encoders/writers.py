"""Writes rendered frames in every format but GIF, with exact timestamps, through ffmpeg.

Equal neighbouring frames are merged, as in the GIF. Measured on film, compared with the GIF of the same
frames: a WebP looks better at half the bytes, an MP4 at a seventh, an AVIF at a fourteenth; an APNG is exact
and five times as large.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gifapp import errors
from gifapp.conversion.encoders import matroska
from gifapp.conversion.encoders.codecs import CODECS, Arguments, Codec
from gifapp.conversion.encoders.encoder_process import FfmpegEncoder
from gifapp.conversion.frame import Frame
from gifapp.conversion.merging import merged
from gifapp.conversion.render.rendering import Rendering
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Format, Recipe
from gifapp.domain.timing import split_delay

_INSPECTED_FRAMES = 8
_WORTH_TIMES = 2  # lossless WebP is kept if it is at most this many times as large as lossy


class Written(NamedTuple):
    """The result: frames after merging, bytes, dimensions in pixels, the most colours in any palette.

    `duration_cs` is None if it equals the rendering's; `notes` list the reductions.
    """

    frames: int
    bytes: int
    width_px: int
    height_px: int
    colours: int | None = None
    duration_cs: int | None = None
    notes: tuple[str, ...] = ()


def prepared(rendering: Rendering, file_format: Format) -> Rendering:
    """The rendering adapted to the format's requirements; its notes explain them."""
    return rendering if file_format == "gif" else CODECS[file_format].prepare(rendering)


def write(
    rendering: Rendering,
    recipe: Recipe,
    out: Path,
    *,
    codec: Codec | None = None,
    limits: Limits,
    on_frame: Callable[[int], None],
    checkpoint: Callable[[], None],
) -> Written:
    """Write the frames to `out` with `codec`; None: in the recipe's format, which is not GIF.

    The rendering must be `prepared`. An image of one frame is a still picture. A video repeats long
    frames and has no loop count: looping is up to the player.

    `on_frame` is called with the number of frames read, `checkpoint` while waiting for ffmpeg; if either
    raises, writing ends.

    Raises:
        errors.ConversionTooBig, errors.ConversionTooSlow, errors.DiskFull: ffmpeg exceeded a limit.
        errors.ConversionCrashed: ffmpeg failed in another way.
    """
    codec = codec or CODECS[recipe.format]
    frames = (held.frame for held in merged(_counted(rendering.frames, on_frame), checkpoint=checkpoint))
    first_frames = list(islice(frames, _INSPECTED_FRAMES))
    start = partial(FfmpegEncoder, limits=limits, checkpoint=checkpoint)
    variants = codec.variants(recipe, first_frames, rendering.loop)
    sent, total_cs = _written(
        variants, rendering, chain(first_frames, frames), out, start=start, longest_cs=codec.longest_cs
    )
    count = codec.finish(out, total_cs) or sent
    return Written(count, out.stat().st_size, rendering.width_px, rendering.height_px)


def _written(
    variants: list[Arguments],
    rendering: Rendering,
    frames: Iterable[Frame],
    out: Path,
    *,
    start: Callable[[Arguments, Path], FfmpegEncoder],
    longest_cs: int,
) -> tuple[int, int]:
    """Write each variant of the file and keep one; returns the frames sent, and their duration in cs."""
    width_px, height_px, has_alpha = rendering.width_px, rendering.height_px, rendering.has_alpha
    parts = [out, out.with_name(f"{out.name}.lossless")][: len(variants)]
    with ExitStack() as cleanup:
        for extra in parts[1:]:
            _claim(extra)
            cleanup.callback(extra.unlink, missing_ok=True)
        encoders = [
            cleanup.enter_context(closing(start(arguments, part)))
            for arguments, part in zip(variants, parts, strict=True)
        ]
        for ffmpeg in encoders:
            ffmpeg.send(matroska.head(width_px, height_px, has_alpha=has_alpha))
        sent = _feed(encoders, frames, longest_cs)
        for ffmpeg in encoders:
            ffmpeg.finish()
        for exact in parts[1:]:
            if exact.stat().st_size <= _WORTH_TIMES * out.stat().st_size:
                exact.replace(out)
    return sent


def _claim(path: Path) -> None:
    """Create the file before ffmpeg opens it, since ffmpeg would follow a link planted there."""
    try:
        path.touch(exist_ok=False)
    except OSError as refused:
        raise errors.OutputNotWritable(path=path, reason=refused.strerror) from refused


def _feed(encoders: list[FfmpegEncoder], frames: Iterable[Frame], longest_cs: int) -> tuple[int, int]:
    """Send the frames with their timestamps, repeating long ones; returns their number and duration in cs."""
    count = at_cs = 0
    for pixels, delay_cs in frames:
        data = np.ascontiguousarray(pixels).data
        for piece_cs in split_delay(delay_cs, longest_cs):
            head = matroska.frame_head(pixels.nbytes, at_cs=at_cs, delay_cs=piece_cs)
            for ffmpeg in encoders:
                ffmpeg.send(head)
                ffmpeg.send(data)
            at_cs += piece_cs
            count += 1
    return count, at_cs


def _counted(frames: Iterable[Frame], on_frame: Callable[[int], None]) -> Iterator[Frame]:
    for number, frame in enumerate(frames, 1):
        yield frame
        on_frame(number)
