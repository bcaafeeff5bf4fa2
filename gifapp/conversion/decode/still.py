"""Still frames of a source: its poster, and the frame at any time."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gifapp import errors
from gifapp.conversion.decode import ffmpeg
from gifapp.conversion.plan import picture_plan
from gifapp.conversion.probing.probe import probed
from gifapp.conversion.video import Video
from gifapp.domain.limits import Limits

MAX_PX = (480, 960)
DEADLINE_S = 20.0
_DARK = 32  # the mean of a frame that shows hardly anything
_BACKGROUND = 255  # JPEG has no transparency: white, as on a page


def poster(path: Path, video: Video, out: Path, *, limits: Limits) -> None:
    """Write a JPEG poster to `out`: the first frame of a few that is not dark, since many clips fade in.

    Raises:
        errors.SourceDamaged, errors.ConversionTooSlow: no frame could be decoded.
    """
    length_s = video.duration_s
    times_s = (0.0,) if video.fps is None else (min(1.0, length_s / 5), length_s / 4, length_s / 2)
    frames = [_frame(path, video, times_s[0], limits=limits)]
    while frames[-1].mean() < _DARK and len(frames) < len(times_s):
        frames.append(_frame(path, video, times_s[len(frames)], limits=limits))
    out.write_bytes(_jpeg(max(frames, key=lambda frame: float(frame.mean()))))


def picture(path: Path, video: Video, at_s: float, *, limits: Limits) -> bytes:
    """A JPEG of the frame at `at_s`, upright and within 480 x 960 pixels; past the end, the last frame.

    Raises:
        errors.SourceDamaged, errors.ConversionTooSlow: no frame could be decoded.
    """
    return _jpeg(_frame(path, video, at_s, limits=limits))


def _frame(path: Path, video: Video, at_s: float, *, limits: Limits) -> NDArray[np.uint8]:
    video = probed(video, path, limits=limits)
    plan = picture_plan(video, min(at_s, video.duration_s), MAX_PX)
    checkpoint = deadline(DEADLINE_S)
    with closing(ffmpeg.frames(path, video, plan, limits=limits, checkpoint=checkpoint)) as frames:
        return opaque(next(frames))


def _jpeg(frame: NDArray[np.uint8]) -> bytes:
    jpeg = BytesIO()
    Image.fromarray(frame).save(jpeg, "JPEG", quality=85)
    return jpeg.getvalue()


def deadline(limit_s: float) -> Callable[[], None]:
    """A checkpoint that raises errors.ConversionTooSlow `limit_s` from now."""
    end = time.monotonic() + limit_s

    def checkpoint() -> None:
        if time.monotonic() > end:
            raise errors.ConversionTooSlow(limit_s=limit_s)

    return checkpoint


def opaque(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGB or RGBA pixels as RGB, on white."""
    if pixels.shape[2] == 3:
        return pixels
    alpha = pixels[..., 3:].astype(np.float32) / 255
    blended: NDArray[np.uint8] = (
        (pixels[..., :3] * alpha + _BACKGROUND * (1 - alpha)).round().astype(np.uint8)
    )
    return blended
