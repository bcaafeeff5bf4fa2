"""Stores sources that are not files (bytes, frames, clips, animations) in a temporary file."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from operator import length_hint
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from gifapp import errors
from gifapp.conversion.frame import Pixels
from gifapp.conversion.intake import clips
from gifapp.conversion.intake.arrays import is_indexable
from gifapp.conversion.intake.colouring import Colouring
from gifapp.conversion.intake.frames import frames_of
from gifapp.conversion.intake.lossless import FrameWriter, OnFrame
from gifapp.conversion.intake.timed import write_timed
from gifapp.domain.timing import MAX_FPS

_COPIED_BYTES = 1024**2


def expected_frames(source: Any) -> int:
    """How many frames an array or a sequence will give; 0 if that is unknown."""
    if is_indexable(source) and source.shape:
        return int(source.shape[0])
    return length_hint(source, 0) if isinstance(source, Iterable) else 0


def is_read_once(source: Any) -> bool:
    """Whether its frames are gone once they are read."""
    return isinstance(source, Iterator) or hasattr(source, "read")


class Taken(NamedTuple):
    """The file of a source, and the rate at which a recipe without `fps` keeps all of its frames, if any."""

    path: Path
    fps: float | None = None


class FrameOptions(NamedTuple):
    """How to show frames: their colours, and how long each shows; None: at the recipe's rate."""

    colouring: Colouring = Colouring()
    durations_s: Sequence[float] | None = None

    def check_unused(self) -> None:
        """Check that the options are not set, for sources that are not frames.

        Raises:
            errors.FieldInvalid: one is set.
        """
        settings = {"durations_s": self.durations_s, **vars(self.colouring)}
        for name, value in settings.items():
            if value is not None:
                problem = "is for arrays and other frames; this source has times and colours of its own"
                raise errors.FieldInvalid(field=name, problem=problem)


@contextmanager
def as_file(
    source: Any, *, fps: float, on_frame: OnFrame, options: FrameOptions | None = None
) -> Iterator[Taken]:
    """The file of `source`: its own, or a lossless temporary one.

    `source` is a path, the bytes of a file or a binary file object; an array of frames
    (n, height, width[, 3 or 4]) or an iterable of such frames, images or figures, played at `fps`; or a
    MoviePy clip, a matplotlib animation, a plotly figure with frames or an OpenCV capture, which may have
    their own rate. `on_frame` is called after each stored frame; if it raises, storing ends.

    Raises:
        errors.FramesInvalid: the frames, the clip or the animation cannot be used.
        errors.FieldInvalid: the options do not suit them.
    """
    options = options or FrameOptions()
    if isinstance(source, str | os.PathLike):
        options.check_unused()
        yield Taken(Path(source))
        return
    with tempfile.TemporaryDirectory(prefix="gifapp-") as directory:
        path = Path(directory) / "source"
        own_fps = _store(source, path, fps, on_frame, options)
        if not path.exists():
            raise errors.FramesInvalid(problem="there are none")
        yield Taken(path, None if own_fps is None else min(own_fps, MAX_FPS))


def _store(source: Any, path: Path, fps: float, on_frame: OnFrame, options: FrameOptions) -> float | None:
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
