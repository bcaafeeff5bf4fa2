"""Reads the frames of MoviePy clips, OpenCV captures and plotly figures, by duck typing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gifapp import errors
from gifapp.conversion.frame import Pixels
from gifapp.conversion.intake.figures import pixels_of_figure
from gifapp.conversion.intake.frames import pixels_of

_CAPTURED_FPS = 5  # OpenCV's CAP_PROP_FPS
_ANIMATED_MS = 500  # how long plotly shows a frame unless the figure says otherwise


def is_moviepy_clip(source: Any) -> bool:
    return hasattr(source, "get_frame")


def frames_of_clip(clip: Any, fps: float) -> Iterator[Pixels]:
    """The frames of a MoviePy clip.

    Raises:
        errors.FramesInvalid: the clip has no duration.
    """
    if not (clip.duration and math.isfinite(clip.duration)):
        raise errors.FramesInvalid(problem="the clip has no duration; give it one with with_duration()")
    for number in range(max(1, round(clip.duration * fps))):
        at_s = min(number / fps, clip.duration)
        yield _picture_at(clip, at_s)


def _picture_at(clip: Any, at_s: float) -> Pixels:
    picture = clip.get_frame(at_s)
    if getattr(clip, "is_mask", False):
        return pixels_of(_opacity(picture))
    rgb = pixels_of(np.clip(picture, 0, 255).astype(np.uint8))
    mask = getattr(clip, "mask", None)
    if mask is None:
        return rgb
    return np.dstack([rgb[..., :3], _opacity(mask.get_frame(at_s))])


def _opacity(mask: NDArray[Any]) -> Pixels:
    """Scale a MoviePy mask from 0 to 1 to 0 to 255."""
    opacity: Pixels = np.rint(np.clip(mask, 0, 1) * 255).astype(np.uint8)
    return opacity


def is_capture(source: Any) -> bool:
    """Whether it is an OpenCV `VideoCapture`, or looks like one."""
    return hasattr(source, "isOpened") and hasattr(source, "read")


def capture_fps(capture: Any) -> float | None:
    """The capture's frame rate; None if it is unknown."""
    fps = float(capture.get(_CAPTURED_FPS))
    return fps if math.isfinite(fps) and fps > 0 else None


def frames_of_capture(capture: Any) -> Iterator[Pixels]:
    """The frames that an OpenCV capture has left, which stores blue first.

    Raises:
        errors.FramesInvalid: the capture is not open.
    """
    if not capture.isOpened():
        raise errors.FramesInvalid(
            problem="the capture is not open; OpenCV could not read its file or camera"
        )
    while True:
        is_read, frame = capture.read()
        if not is_read:
            return
        pixels = pixels_of(frame)
        yield pixels[..., [2, 1, 0, 3][: pixels.shape[2]]]


def is_plotly_figure(source: Any) -> bool:
    return hasattr(source, "to_image") and hasattr(source, "frames")


def plotly_fps(figure: Any) -> float:
    """The frame rate of the figure's first play button, or plotly's own."""
    for menu in figure.layout.updatemenus:
        for button in menu.buttons:
            for settings in button.args or ():
                frame = settings.get("frame") if isinstance(settings, dict) else None
                if frame and frame.get("duration"):
                    return 1000 / float(frame["duration"])
    return 1000 / _ANIMATED_MS


def frames_of_plotly_figure(figure: Any) -> Iterator[Pixels]:
    """The figure at each of its frames, drawn by kaleido.

    Raises:
        errors.FramesInvalid: the figure has no frames, or kaleido cannot draw it.
    """
    if not figure.frames:
        raise errors.FramesInvalid(problem="the plotly figure has no frames; set its frames")
    shown = type(figure)(figure.to_dict() | {"frames": []})
    for frame in figure.frames:
        traces = frame.traces or range(len(frame.data))
        for number, trace in zip(traces, frame.data, strict=True):
            shown.data[number].update(trace.to_plotly_json())
        shown.layout.update(frame.layout.to_plotly_json())
        yield pixels_of_figure(shown)
