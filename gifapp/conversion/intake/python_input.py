"""Takes sources that are not files (bytes, frames, clips, animations) from Python."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from operator import length_hint
from pathlib import Path
from typing import Any

from gifapp import errors
from gifapp.conversion.intake.arrays import is_indexable
from gifapp.conversion.intake.lossless import OnFrame
from gifapp.conversion.intake.options import FrameOptions, Taken
from gifapp.domain.timing import MAX_FPS


def expected_frames(source: Any) -> int:
    """How many frames an array or a sequence will give; 0 if that is unknown."""
    if is_indexable(source) and source.shape:
        return int(source.shape[0])
    return length_hint(source, 0) if isinstance(source, Iterable) else 0


def is_read_once(source: Any) -> bool:
    """Whether its frames are gone once they are read."""
    return isinstance(source, Iterator) or hasattr(source, "read")


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
        from gifapp.conversion.intake.storing import store  # noqa: PLC0415  loads Pillow

        own_fps = store(source, path, fps, on_frame, options)
        if not path.exists():
            raise errors.FramesInvalid(problem="there are none")
        yield Taken(path, None if own_fps is None else min(own_fps, MAX_FPS))
