"""Puts frames in playing order: as listed, and backwards with MoviePy. Only this module imports moviepy."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gifapp.domain.recipes.recipe import Direction


class Frames(Protocol):
    """Frames with random access."""

    def __len__(self) -> int: ...
    def __getitem__(self, number: int, /) -> NDArray[np.uint8]: ...


class Listed:
    """The frames of a store in the order of a list.

    Args:
        stored: the frames with these `numbers`, in ascending order.
        order: the number of each frame of the list.
    """

    def __init__(self, stored: Frames, numbers: Sequence[int], order: Sequence[int]) -> None:
        places = {number: place for place, number in enumerate(numbers)}
        self._stored = stored
        self._places = [places[number] for number in order]

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, place: int, /) -> NDArray[np.uint8]:
        return self._stored[self._places[place]]


def needs_reordering(order: Sequence[int], direction: Direction) -> bool:
    """Whether frames must be stored: the source is read in ascending order only."""
    return direction != "forward" or any(before > after for before, after in pairwise(order))


def repeated(frames: Iterable[NDArray[np.uint8]], order: Sequence[int]) -> Iterator[NDArray[np.uint8]]:
    """The frames with these numbers, which are in ascending order and may repeat; reads none after them."""
    numbered = enumerate(frames)
    for number, same in groupby(order):
        frame = next(frame for at, frame in numbered if at == number)
        yield from (frame for _ in same)


def reordered(frames: Frames, fps: float, direction: Direction) -> Iterator[NDArray[np.uint8]]:
    """The frames in playing order: as they are, backwards, or forwards and then backwards.

    MoviePy accesses `frames` through a clip with one frame every `1 / fps` seconds.
    """
    if direction == "forward":
        yield from (frames[number] for number in range(len(frames)))
        return
    clip = _clip(frames, fps)
    played = clip.with_effects([_effect(direction)])
    for number in range(round(played.duration * fps)):
        yield played.get_frame(number / fps)


def _clip(frames: Frames, fps: float) -> Any:
    _disable_moviepy_dotenv()
    from moviepy.video.VideoClip import VideoClip  # noqa: PLC0415

    def frame_at(t: float) -> NDArray[np.uint8]:
        # times have rounding errors: use the nearest frame
        return frames[min(max(round(t * fps), 0), len(frames) - 1)]

    return VideoClip(frame_at, duration=len(frames) / fps).with_fps(fps)


def _effect(direction: Direction) -> Any:
    from moviepy.video.fx.TimeMirror import TimeMirror  # noqa: PLC0415
    from moviepy.video.fx.TimeSymmetrize import TimeSymmetrize  # noqa: PLC0415

    return TimeMirror() if direction == "reverse" else TimeSymmetrize()


def _disable_moviepy_dotenv() -> None:
    """Set variables so that MoviePy does not run programs named in a `.env` file that it finds."""
    os.environ.setdefault("FFMPEG_BINARY", "ffmpeg-imageio")
    os.environ.setdefault("FFPLAY_BINARY", "auto-detect")
