"""Stores frames losslessly in a temporary file, for ffmpeg to read as a video."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from pathlib import Path

import numpy as np

from gifapp import errors, processes
from gifapp.conversion.frame import Pixels
from gifapp.ffmpeg_program import ffmpeg_program

OnFrame = Callable[[], None]

_RGB, _RGBA = 3, 4
_APPENDED = ("-filter_complex", "[1:v]format=argb[earlier];[0:v]format=argb[later];[earlier][later]concat")


class FrameWriter(ExitStack):
    """Writes frames, uint8 (height, width, 3 or 4), of one size into a lossless video at `path`.

    The first frame determines the size; without frames no file is written. The video has an alpha channel if
    the first frame has one, or any later frame has one that is not fully opaque.
    """

    def __init__(self, path: Path, *, fps: float) -> None:
        super().__init__()
        self._path = path
        self._fps = fps
        self._shape: tuple[int, ...] = ()
        self._count = 0

    def write(self, frame: Pixels) -> None:
        """Write the next frame.

        Raises:
            errors.FramesInvalid: its size differs from the first one's, or ffmpeg could not store it.
        """
        self._count += 1
        if not self._shape:
            self._open(frame.shape)
        elif frame.shape[:2] != self._shape[:2]:
            raise errors.FramesInvalid(
                problem=f"number {self._count} has the shape {frame.shape}, the first one {self._shape}"
            )
        frame = self._with_matching_channels(frame)  # may reopen the file
        self._write(frame)

    def _with_matching_channels(self, frame: Pixels) -> Pixels:
        if self._shape[2] == _RGB and frame.shape[2] == _RGBA:
            if frame[..., 3].min() == 255:
                return frame[..., :3]
            self._reopen_with_alpha()
        if self._shape[2] == _RGBA and frame.shape[2] == _RGB:
            return np.dstack([frame, np.full(frame.shape[:2], 255, np.uint8)])
        return frame

    def _reopen_with_alpha(self) -> None:
        self.close()
        earlier = self._path.rename(self._path.with_name("earlier.mov"))
        self._open((*self._shape[:2], _RGBA), earlier)

    def _open(self, shape: tuple[int, ...], earlier: Path | None = None) -> None:
        self._shape = shape
        self._write = self.enter_context(_lossless_file(self._path, self._fps, shape, earlier))


@contextmanager
def _lossless_file(
    path: Path, fps: float, shape: tuple[int, ...], earlier: Path | None
) -> Iterator[Callable[[Pixels], object]]:
    """Write a video of the frames in `earlier`, then of those passed to the yielded function."""
    height_px, width_px, channels = shape
    argv = [
        ffmpeg_program(),
        *("-nostdin", "-loglevel", "error", "-f", "rawvideo", "-s", f"{width_px}x{height_px}"),
        *("-pix_fmt", "rgba" if channels == _RGBA else "rgb24"),
        *("-r", str(Fraction(fps).limit_denominator(1001)), "-i", "pipe:0"),
        *(("-i", str(earlier), *_APPENDED) if earlier else ()),
        *("-c:v", "qtrle", "-pix_fmt", "argb" if channels == _RGBA else "rgb24", "-f", "mov", str(path)),
    ]
    ffmpeg = processes.spawn(
        argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        with contextlib.suppress(BrokenPipeError):  # the exit status reports it
            yield lambda frame: ffmpeg.stdin.write(np.ascontiguousarray(frame).data)  # type: ignore[union-attr]
            ffmpeg.communicate()
    finally:
        status = processes.stop(ffmpeg, grace_s=0)
        with contextlib.suppress(BrokenPipeError):  # closing flushes the buffer
            ffmpeg.stdin.close()  # type: ignore[union-attr]
    if status != 0:
        raise errors.FramesInvalid(problem="ffmpeg could not store them")
