"""Stores bytes, frames, clips and animations in a lossless file."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

from gifapp import errors
from gifapp.conversion.frame import Pixels
from gifapp.conversion.intake import clips
from gifapp.conversion.intake.frames import frames_of
from gifapp.conversion.intake.lossless import FrameWriter, OnFrame
from gifapp.conversion.intake.options import FrameOptions
from gifapp.conversion.intake.timed import write_timed

_COPIED_BYTES = 1024**2


def store(source: Any, path: Path, fps: float, on_frame: OnFrame, options: FrameOptions) -> float | None:
    """Store the source at `path`; returns the `fps` of `Taken`."""
    if _is_frames(source):
        frames = frames_of(source, options.colouring)
        if options.durations_s is not None:
            write_timed(frames, options.durations_s, path, on_frame)
        else:
            _write(frames, fps, path, on_frame)
        return None
    options.check_unused()
    return _store_timed(source, path, fps, on_frame)


def _is_frames(source: Any) -> bool:
    is_file = isinstance(source, bytes | bytearray | memoryview) or hasattr(source, "read")
    is_clip = clips.is_moviepy_clip(source) or clips.is_plotly_figure(source)
    return not (is_file or is_clip or _is_matplotlib_animation(source))


def _store_timed(source: Any, path: Path, fps: float, on_frame: OnFrame) -> float | None:
    """Store a source that knows its own times."""
    if isinstance(source, bytes | bytearray | memoryview):
        path.write_bytes(source)
    elif _is_matplotlib_animation(source):
        from gifapp.conversion.intake.matplotlib_writer import store_animation  # noqa: PLC0415  optional

        return store_animation(source, path, fps, on_frame)
    elif clips.is_plotly_figure(source):
        own_fps = clips.plotly_fps(source)
        _write(clips.frames_of_plotly_figure(source), own_fps, path, on_frame)
        return own_fps
    elif clips.is_capture(source):
        _write(clips.frames_of_capture(source), clips.capture_fps(source) or fps, path, on_frame)
    elif clips.is_moviepy_clip(source):
        rate = getattr(source, "fps", None) or fps  # MoviePy's still clips have none
        _write(clips.frames_of_clip(source, rate), rate, path, on_frame)
    else:
        _copy(source, path)
    return None


def _copy(file: BinaryIO, path: Path) -> None:
    """Copy the rest of a file object."""
    with path.open("xb") as copy:
        try:
            shutil.copyfileobj(file, copy, _COPIED_BYTES)
        except TypeError:
            problem = "the file object reads text; open the file in binary mode, 'rb'"
            raise errors.FramesInvalid(problem=problem) from None


def _is_matplotlib_animation(source: Any) -> bool:
    # a caller with an animation has imported matplotlib; others should not pay for the import
    module = sys.modules.get("matplotlib.animation")
    return module is not None and isinstance(source, module.Animation)


def _write(frames: Iterable[Pixels], fps: float, path: Path, on_frame: OnFrame) -> None:
    with FrameWriter(path, fps=fps) as writer:
        for frame in frames:
            writer.write(frame)
            on_frame()
