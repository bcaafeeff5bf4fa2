"""Reverses and boomerangs clips with MoviePy. The only module that imports moviepy."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gifapp.domain.recipes.recipe import Direction


class Frames(Protocol):
    """Frames with random access."""

    def __len__(self) -> int: ...
    def __getitem__(self, number: int, /) -> NDArray[np.uint8]: ...


def needs_reordering(direction: Direction) -> bool:
    """Whether frames are reordered; if not, MoviePy is not imported."""
    return direction != "forward"


def reordered(frames: Frames, fps: float, direction: Direction) -> Iterator[NDArray[np.uint8]]:
    """The frames in playing order: backwards, or forwards and then backwards.

    MoviePy accesses `frames` through a clip with one frame every `1 / fps` seconds.
    """
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
