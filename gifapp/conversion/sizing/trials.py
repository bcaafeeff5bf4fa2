"""Encodes a clip, or a sample of it, with any settings of the quality ladder, in any output format."""

from __future__ import annotations

import tempfile
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from gifapp import errors
from gifapp.conversion.encoders import writers
from gifapp.conversion.encoders.codecs import CODECS
from gifapp.conversion.encoders.writers import Written
from gifapp.conversion.frame import Frame
from gifapp.conversion.gif.encoder import Encoded, Style, encode
from gifapp.conversion.render.rendering import Rendering
from gifapp.conversion.sizing.clip_cache import scaled_sides
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.quality_ladder import EncodeSettings
from gifapp.domain.recipes.recipe import Format, Recipe

OnFrame = Callable[[int], None]


@dataclass(frozen=True)
class Sampling:
    """How the sizes of a format's files are sampled.

    Attributes:
        run_frames: the frames of a run whose bytes count.
        warm_frames: those encoded before them, since a frame's size depends on what is on the canvas.
        long_run_frames: all frames of a run of a clip that is too long to be decoded whole.
        times: how many times as many pixels are encoded as for a GIF.
        estimate_steps: of an estimate's search between two points of the ladder, each with a sample.
    """

    run_frames: int = 3
    warm_frames: int = 2
    long_run_frames: int = 6
    times: int = 1
    estimate_steps: int = 6


# video codecs predict a frame from many others, and distribute bytes in advance
_SAMPLINGS: Mapping[Format, Sampling] = {
    "webp": Sampling(long_run_frames=8, times=2),
    "avif": Sampling(run_frames=12, warm_frames=1, long_run_frames=16, times=4, estimate_steps=3),
    "mp4": Sampling(run_frames=12, warm_frames=1, long_run_frames=12, times=6, estimate_steps=3),
    "webm": Sampling(run_frames=16, warm_frames=1, long_run_frames=16, times=5, estimate_steps=3),
}


def sampling_of(file_format: Format) -> Sampling:
    return _SAMPLINGS.get(file_format, Sampling())


def side_step_px(file_format: Format) -> int:
    """The number of which the format's width and height are multiples."""
    return 1 if file_format == "gif" else CODECS[file_format].side_step_px


class Trials(Protocol):
    """Encodes frames of one rendering."""

    def write(
        self, frames: Iterable[Frame], out: Path, settings: EncodeSettings, max_bytes: int, on_frame: OnFrame
    ) -> Written:
        """Write a new file of at most `max_bytes`.

        Raises:
            errors.ConversionTooBig: it would be larger; the rest is not encoded.
            errors.GifappError: see `writers.write`.
        """

    def sizes(self, frames: Iterable[Frame], settings: EncodeSettings) -> list[int]:
        """The bytes written for each frame in turn; see `sampling.Encode`."""

    def sides(self, settings: EncodeSettings) -> tuple[int, int]:
        """The width and height in pixels."""


def trials_of(
    rendering: Rendering, recipe: Recipe, *, limits: Limits, checkpoint: Callable[[], None]
) -> Trials:
    """The trials of a recipe's format; `checkpoint` is called while they wait."""
    kind = _GifTrials if recipe.format == "gif" else _CodecTrials
    return kind(rendering, recipe, limits, checkpoint)


class _Trials:
    def __init__(
        self, rendering: Rendering, recipe: Recipe, limits: Limits, checkpoint: Callable[[], None]
    ) -> None:
        self._rendering = rendering
        self._recipe = recipe
        self._limits = limits
        self._checkpoint = checkpoint

    def sides(self, settings: EncodeSettings) -> tuple[int, int]:
        width_px, height_px = self._rendering.width_px, self._rendering.height_px
        return scaled_sides(width_px, height_px, settings.scale, side_step_px(self._recipe.format))

    def _with(self, settings: EncodeSettings) -> Recipe:
        return self._recipe.model_copy(update={"lossy": settings.lossy, "colours": settings.colours})


class _GifTrials(_Trials):
    def write(
        self, frames: Iterable[Frame], out: Path, settings: EncodeSettings, max_bytes: int, on_frame: OnFrame
    ) -> Written:
        with out.open("xb") as file:
            limited: Any = _LimitedFile(file, max_bytes)
            encoded = self._encode(frames, limited, settings, on_frame)
        return Written(encoded.frames, encoded.bytes, *self.sides(settings), encoded.colours)

    def sizes(self, frames: Iterable[Frame], settings: EncodeSettings) -> list[int]:
        sizes = Sizes()
        out: Any = sizes
        self._encode(frames, out, settings, None)
        return sizes.written

    def _encode(
        self, frames: Iterable[Frame], out: BinaryIO, settings: EncodeSettings, on_frame: OnFrame | None
    ) -> Encoded:
        width_px, height_px = self.sides(settings)
        return encode(
            frames,
            out,
            width_px=width_px,
            height_px=height_px,
            loop=self._rendering.loop,
            style=Style.of(self._with(settings), is_lossless=self._rendering.is_lossless),
            on_frame=on_frame,
            checkpoint=self._checkpoint,
        )


class _CodecTrials(_Trials):
    """Trials of the formats that ffmpeg writes; their files are read back to find the bytes of each frame."""

    def write(
        self, frames: Iterable[Frame], out: Path, settings: EncodeSettings, max_bytes: int, on_frame: OnFrame
    ) -> Written:
        width_px, height_px = self.sides(settings)
        return writers.write(
            replace(self._rendering, frames=iter(frames), width_px=width_px, height_px=height_px),
            self._with(settings),
            out,
            limits=replace(self._limits, max_gif_bytes=max_bytes),
            on_frame=on_frame,
            checkpoint=self._checkpoint,
        )

    def sizes(self, frames: Iterable[Frame], settings: EncodeSettings) -> list[int]:
        delays_cs: list[int] = []
        with tempfile.TemporaryDirectory(prefix="gifapp-") as directory:
            out = Path(directory) / "sample"
            self.write(_noting(frames, delays_cs), out, settings, self._limits.max_gif_bytes, _ignore)
            stored = CODECS[self._recipe.format].frame_sizes(out)
            file_bytes = out.stat().st_size
        sizes = [0] * (len(delays_cs) + 1)  # nothing is written before the second frame is known
        starts_cs = list(accumulate(delays_cs[:-1], initial=0))
        for at_cs, frame_bytes in stored:
            sizes[bisect_right(starts_cs, at_cs)] += frame_bytes
        return [*sizes, file_bytes - sum(sizes)]


def _noting(frames: Iterable[Frame], delays_cs: list[int]) -> Iterator[Frame]:
    for frame in frames:
        delays_cs.append(frame.delay_cs)
        yield frame


def _ignore(_frames: int) -> None:
    """The `on_frame` of samples, whose progress is not reported."""


class Sizes:
    """A file that records only the sizes of writes."""

    def __init__(self) -> None:
        self.written: list[int] = []

    def write(self, data: bytes) -> int:
        self.written.append(len(data))
        return len(data)


class _LimitedFile:
    """A file that cannot grow beyond `max_bytes`."""

    def __init__(self, file: BinaryIO, max_bytes: int) -> None:
        self._file = file
        self._left_bytes = max_bytes

    def write(self, data: bytes) -> int:
        self._left_bytes -= len(data)
        if self._left_bytes < 0:
            raise errors.ConversionTooBig
        return self._file.write(data)
