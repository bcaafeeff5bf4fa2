"""Sources that are no files: bytes, NumPy frames and MoviePy clips become one for as long as it takes."""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

from gifapp import errors, processes
from gifapp.domain.timing import frame_count

Pixels = NDArray[np.uint8]


@contextmanager
def as_file(source: Any, *, fps: float) -> Iterator[Path]:
    """The file that holds `source`: itself, or a lossless temporary one.

    `source` is a path, the bytes of a video file, an array of frames (n, height, width[, 3 or 4]) that
    shows `fps` of them a second, or a MoviePy clip.

    Raises:
        errors.FramesInvalid: what is wrong with the array or the clip.
    """
    if isinstance(source, str | os.PathLike):
        yield Path(source)
        return
    with tempfile.TemporaryDirectory(prefix="gifapp-") as directory:
        path = Path(directory) / "source"
        if isinstance(source, bytes | bytearray | memoryview):
            path.write_bytes(source)
        elif hasattr(source, "get_frame"):
            rate = source.fps or fps
            _write_lossless(_frames_of_clip(source, rate), rate, path)
        else:
            _write_lossless(_frames_of_array(source), fps, path)
        yield path


def _frames_of_clip(clip: Any, fps: float) -> Iterator[Pixels]:
    if not clip.duration:
        raise errors.FramesInvalid(problem="the clip has no duration; give it one with with_duration()")
    for number in range(frame_count(clip.duration, fps)):
        at_s = min(number / fps, clip.duration)
        yield _with_mask(clip.get_frame(at_s), clip.mask.get_frame(at_s) if clip.mask else None)


def _with_mask(picture: NDArray[Any], mask: NDArray[Any] | None) -> Pixels:
    rgb: Pixels = np.clip(picture, 0, 255).astype(np.uint8)
    if mask is None:
        return rgb
    return np.dstack([rgb[..., :3], np.clip(mask * 255, 0, 255).astype(np.uint8)])


def _frames_of_array(source: Any) -> Iterator[Pixels]:
    array = np.asarray(source)
    if array.dtype != np.uint8:
        raise errors.FramesInvalid(problem=f"their numbers are {array.dtype}, not uint8 from 0 to 255")
    if array.ndim == 3:
        array = np.repeat(array[..., np.newaxis], 3, axis=3)
    if array.ndim != 4 or array.shape[3] not in (3, 4) or 0 in array.shape:
        raise errors.FramesInvalid(
            problem=f"the shape is {array.shape}, not (frames, height, width) with 3 or 4 channels after it"
        )
    return iter(array)


def _write_lossless(frames: Iterable[Pixels], fps: float, path: Path) -> None:
    frames = iter(frames)
    first = next(frames)
    height, width, channels = first.shape
    argv = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        *("-nostdin", "-loglevel", "error", "-f", "rawvideo", "-s", f"{width}x{height}"),
        *("-pix_fmt", "rgba" if channels == 4 else "rgb24"),
        *("-r", str(Fraction(fps).limit_denominator(1001)), "-i", "pipe:0"),
        *("-c:v", "qtrle", "-pix_fmt", "argb" if channels == 4 else "rgb24", "-f", "mov", str(path)),
    ]
    ffmpeg = processes.spawn(
        argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        with contextlib.suppress(BrokenPipeError):  # its status says that it gave up
            for frame in itertools.chain([first], frames):
                ffmpeg.stdin.write(np.ascontiguousarray(frame).data)  # type: ignore[union-attr]
            ffmpeg.communicate()
    finally:
        status = processes.stop(ffmpeg, grace_s=0)
    if status != 0:
        raise errors.FramesInvalid(problem="ffmpeg could not store them")
