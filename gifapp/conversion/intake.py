"""Sources that are no files: bytes, frames, clips and animations become one for as long as it takes."""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gifapp import errors
from gifapp.conversion.lossless import Pixels, lossless_file
from gifapp.domain.timing import frame_count

OnFrame = Callable[[], None]


@contextmanager
def as_file(source: Any, *, fps: float, on_frame: OnFrame) -> Iterator[Path]:
    """The file or the folder that holds `source`: itself, or a lossless temporary file.

    `source` is a path, the bytes of a file, an array of frames (n, height, width[, 3 or 4]) or anything
    that gives such frames one by one, at `fps` of them a second; a MoviePy clip; a matplotlib animation.
    `on_frame` is called after each frame that is stored; what it raises ends the storing.

    Raises:
        errors.FramesInvalid: what is wrong with the frames, the clip or the animation.
    """
    if isinstance(source, str | os.PathLike):
        yield Path(source)
        return
    with tempfile.TemporaryDirectory(prefix="gifapp-") as directory:
        path = Path(directory) / "source"
        _store(source, path, fps, on_frame)
        yield path


def _store(source: Any, path: Path, fps: float, on_frame: OnFrame) -> None:
    if isinstance(source, bytes | bytearray | memoryview):
        path.write_bytes(source)
    elif _is_matplotlib_animation(source):
        from gifapp.conversion.intake_matplotlib import store_animation  # noqa: PLC0415  optional

        store_animation(source, path, on_frame)
    elif hasattr(source, "get_frame"):
        rate = source.fps or fps
        _store_frames(_frames_of_clip(source, rate), rate, path, on_frame)
    else:
        _store_frames(_frames_of(source), fps, path, on_frame)


def _is_matplotlib_animation(source: Any) -> bool:
    # whoever has an animation has imported matplotlib; nobody else should pay for it
    module = sys.modules.get("matplotlib.animation")
    return module is not None and isinstance(source, module.Animation)


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


def _frames_of(source: Any) -> Iterator[Pixels]:
    """The frames of an array, of whatever turns into one, or of anything that gives them one by one."""
    if hasattr(source, "__array__"):
        source = _array(source)
        if source.ndim not in (3, 4) or (source.ndim == 3 and source.shape[2] in (3, 4)):
            wanted = "(frames, height, width) with 3 or 4 channels after it"
            raise errors.FramesInvalid(problem=f"the shape is {source.shape}, not {wanted}")
    try:
        frames = iter(source)
    except TypeError:
        raise errors.FramesInvalid(problem=f"{type(source).__name__} is no sequence of them") from None
    return map(_pixels, frames)


def _pixels(frame: Any) -> Pixels:
    """One frame, uint8 (height, width, 3 or 4)."""
    if isinstance(frame, Image.Image):  # of those with a palette NumPy sees only the indices
        frame = frame.convert("RGBA" if frame.has_transparency_data else "RGB")
    array = _array(frame)
    if array.dtype != np.uint8:
        raise errors.FramesInvalid(problem=f"their numbers are {array.dtype}, not uint8 from 0 to 255")
    if array.ndim == 2:
        array = array[..., np.newaxis]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or 0 in array.shape:
        raise errors.FramesInvalid(
            problem=f"the shape of one is {array.shape}, not (height, width) with 3 or 4 channels after it"
        )
    return np.repeat(array, 3, axis=2) if array.shape[2] == 1 else array


def _array(given: Any) -> NDArray[Any]:
    try:
        return np.asarray(given)
    except (TypeError, ValueError, RuntimeError) as refused:  # a tensor on a graphics card, a ragged list
        raise errors.FramesInvalid(problem=f"NumPy cannot read them ({refused})") from None


def _store_frames(frames: Iterable[Pixels], fps: float, path: Path, on_frame: OnFrame) -> None:
    frames = iter(frames)
    first = next(frames, None)
    if first is None:
        raise errors.FramesInvalid(problem="there are none")
    height, width, channels = first.shape
    with lossless_file(path, fps=fps, width_px=width, height_px=height, has_alpha=channels == 4) as write:
        for number, frame in enumerate(itertools.chain([first], frames), 1):
            if frame.shape != first.shape:
                raise errors.FramesInvalid(
                    problem=f"number {number} has the shape {frame.shape}, the first one {first.shape}"
                )
            write(frame)
            on_frame()
