"""Writes finished frames as WebP, APNG and MP4, with exact times, through ffmpeg.

Neighbours that look the same become one frame, as in the GIF. Measured on film, beside the GIF of the
same frames: a WebP looks better at half of its bytes, an MP4 at a seventh; an APNG is exact and five
times as large.
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
from gifapp.conversion.encoders.codecs import CODECS, Words
from gifapp.conversion.encoders.encoder_process import FfmpegEncoder
from gifapp.conversion.frame import Frame
from gifapp.conversion.merging import merged
from gifapp.conversion.render.rendering import Rendering
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.timing import split_delay

_LOOKED_AT = 8  # frames
_WORTH_TIMES = 2  # a WebP without loss may be so many times as large as with it


class Written(NamedTuple):
    """What was written: frames after merging, bytes, the picture's size, the most colours of a palette.

    `duration_cs` is None where that is the rendering's; `notes` say what was given up.
    """

    frames: int
    bytes: int
    width_px: int
    height_px: int
    colours: int | None = None
    duration_cs: int | None = None
    notes: tuple[str, ...] = ()


def write(
    rendering: Rendering,
    recipe: Recipe,
    out: Path,
    *,
    limits: Limits,
    on_frame: Callable[[int], None],
    checkpoint: Callable[[], None],
) -> Written:
    """Write the frames to `out` in the recipe's format, which is not GIF.

    A WebP or APNG of one frame is a still picture. An MP4 has even sides, shows white where nothing is,
    stores again what stays for long, and leaves it to the player how often it plays.

    `on_frame` hears how many frames were taken, `checkpoint` is called while ffmpeg lets us wait, and what
    either of them raises ends the writing.

    Raises:
        errors.ConversionTooBig, errors.ConversionTooSlow, errors.DiskFull: it ran into a limit.
        errors.ConversionCrashed: ffmpeg ended in any other way.
    """
    codec = CODECS[recipe.format]
    rendering = codec.prepare(rendering)
    frames = (held.frame for held in merged(_counted(rendering.frames, on_frame), checkpoint=checkpoint))
    seen = list(islice(frames, _LOOKED_AT))
    start = partial(FfmpegEncoder, limits=limits, checkpoint=checkpoint)
    ways = codec.ways(recipe, seen, rendering.loop)
    fed = _written(ways, rendering, chain(seen, frames), out, start=start, longest_cs=codec.longest_cs)
    count = codec.finish(out, sum(rendering.delays_cs)) or fed
    return Written(count, out.stat().st_size, rendering.width_px, rendering.height_px)


def _written(
    given: list[Words],
    rendering: Rendering,
    frames: Iterable[Frame],
    out: Path,
    *,
    start: Callable[[Words, Path], FfmpegEncoder],
    longest_cs: int,
) -> int:
    """Write the file in each of the given ways, and keep one of them; how many frames it was fed."""
    width_px, height_px, has_alpha = rendering.width_px, rendering.height_px, rendering.has_alpha
    parts = [out, out.with_name(f"{out.name}.lossless")][: len(given)]
    with ExitStack() as left:
        for extra in parts[1:]:
            _claim(extra)
            left.callback(extra.unlink, missing_ok=True)
        fed = [
            left.enter_context(closing(start(words, part))) for words, part in zip(given, parts, strict=True)
        ]
        for ffmpeg in fed:
            ffmpeg.send(matroska.head(width_px, height_px, has_alpha=has_alpha))
        count = _feed(fed, frames, longest_cs)
        for ffmpeg in fed:
            ffmpeg.finish()
        for exact in parts[1:]:
            if exact.stat().st_size <= _WORTH_TIMES * out.stat().st_size:
                exact.replace(out)
    return count


def _claim(path: Path) -> None:
    """Make it ours before ffmpeg opens it, which would follow a link that somebody has put there."""
    try:
        path.touch(exist_ok=False)
    except OSError as refused:
        raise errors.OutputNotWritable(path=path, reason=refused.strerror) from refused


def _feed(fed: list[FfmpegEncoder], frames: Iterable[Frame], longest_cs: int) -> int:
    """Send the frames with their times, again where one stays for long; how many there were."""
    count = at_cs = 0
    for pixels, delay_cs in frames:
        data = np.ascontiguousarray(pixels).data
        for piece_cs in split_delay(delay_cs, longest_cs):
            head = matroska.frame_head(pixels.nbytes, at_cs=at_cs, delay_cs=piece_cs)
            for ffmpeg in fed:
                ffmpeg.send(head)
                ffmpeg.send(data)
            at_cs += piece_cs
            count += 1
    return count


def _counted(frames: Iterable[Frame], on_frame: Callable[[int], None]) -> Iterator[Frame]:
    for number, frame in enumerate(frames, 1):
        yield frame
        on_frame(number)
