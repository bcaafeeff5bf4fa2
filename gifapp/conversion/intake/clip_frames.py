"""Reads the frames of a MoviePy clip."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gifapp import errors
from gifapp.conversion.intake.frames import pixels_of
from gifapp.conversion.intake.lossless import Pixels


def frames_of_clip(clip: Any, fps: float) -> Iterator[Pixels]:
    """The clip's frames at `fps`, with its mask as their opacity.

    Raises:
        errors.FramesInvalid: the clip has no duration, or a frame cannot be used.
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
