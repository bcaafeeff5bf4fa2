"""Stores sources that are not files (bytes, frames, clips, animations) in a temporary file."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gifapp import errors
from gifapp.conversion.intake.lossless import FrameWriter, OnFrame, Pixels


@contextmanager
def as_file(source: Any, *, fps: float, on_frame: OnFrame) -> Iterator[Path]:
    """The path of `source`: its own, or that of a lossless temporary file.

    `source` is a path, the bytes of a file, an array of frames (n, height, width[, 3 or 4]) or an iterable of
    such frames, played at `fps`; or a MoviePy clip or a matplotlib animation, which may have their own rate.
    `on_frame` is called after each stored frame; if it raises, storing ends.

    Raises:
        errors.FramesInvalid: the frames, the clip or the animation cannot be used.
    """
    if isinstance(source, str | os.PathLike):
        yield Path(source)
        return
    with tempfile.TemporaryDirectory(prefix="gifapp-") as directory:
        path = Path(directory) / "source"
        _store(source, path, fps, on_frame)
        if not path.exists():
            raise errors.FramesInvalid(problem="there are none")
        yield path


def _store(source: Any, path: Path, fps: float, on_frame: OnFrame) -> None:
    if isinstance(source, bytes | bytearray | memoryview):
        path.write_bytes(source)
    elif _is_matplotlib_animation(source):
        from gifapp.conversion.intake.matplotlib_writer import store_animation  # noqa: PLC0415  optional

        store_animation(source, path, fps, on_frame)
    elif hasattr(source, "get_frame"):
        from gifapp.conversion.intake.clip_frames import frames_of_clip  # noqa: PLC0415  loads Pillow

        rate = getattr(source, "fps", None) or fps  # MoviePy's still clips have none
        _store_frames(frames_of_clip(source, rate), rate, path, on_frame)
    else:
        from gifapp.conversion.intake.frames import frames_of  # noqa: PLC0415  loads Pillow

        _store_frames(frames_of(source), fps, path, on_frame)


def _is_matplotlib_animation(source: Any) -> bool:
    # a caller with an animation has imported matplotlib; others should not pay for the import
    module = sys.modules.get("matplotlib.animation")
    return module is not None and isinstance(source, module.Animation)


def _store_frames(frames: Iterable[Pixels], fps: float, path: Path, on_frame: OnFrame) -> None:
    with FrameWriter(path, fps=fps) as writer:
        for frame in frames:
            writer.write(frame)
            on_frame()
