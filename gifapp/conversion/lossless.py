"""A temporary file that holds frames as they are, for ffmpeg to read like any video."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

from gifapp import errors, processes

Pixels = NDArray[np.uint8]


@contextmanager
def lossless_file(
    path: Path, *, fps: float, width_px: int, height_px: int, has_alpha: bool
) -> Iterator[Callable[[Pixels], object]]:
    """Write a video at `path`; what is given takes one frame, uint8 (height, width, 3 or 4), after the other.

    Raises:
        errors.FramesInvalid: ffmpeg could not store them.
    """
    argv = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        *("-nostdin", "-loglevel", "error", "-f", "rawvideo", "-s", f"{width_px}x{height_px}"),
        *("-pix_fmt", "rgba" if has_alpha else "rgb24"),
        *("-r", str(Fraction(fps).limit_denominator(1001)), "-i", "pipe:0"),
        *("-c:v", "qtrle", "-pix_fmt", "argb" if has_alpha else "rgb24", "-f", "mov", str(path)),
    ]
    ffmpeg = processes.spawn(
        argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        with contextlib.suppress(BrokenPipeError):  # its status says that it gave up
            yield lambda frame: ffmpeg.stdin.write(np.ascontiguousarray(frame).data)  # type: ignore[union-attr]
            ffmpeg.communicate()
    finally:
        status = processes.stop(ffmpeg, grace_s=0)
        with contextlib.suppress(BrokenPipeError):  # of what was not yet written
            ffmpeg.stdin.close()  # type: ignore[union-attr]
    if status != 0:
        raise errors.FramesInvalid(problem="ffmpeg could not store them")
