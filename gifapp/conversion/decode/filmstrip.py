"""The filmstrip of a source: pictures of the whole video in one JPEG, from key frames if these suffice."""

from __future__ import annotations

import math
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gifapp.conversion.decode import ffmpeg
from gifapp.conversion.decode.still import deadline, opaque
from gifapp.conversion.plan import filmstrip_plan
from gifapp.conversion.probing.probe import probed
from gifapp.conversion.video import Video
from gifapp.domain.filmstrip import MAX_BYTES, TILES
from gifapp.domain.limits import Limits

DEADLINE_S = 10.0
_QUALITIES = (75, 60, 45, 30, 15)
_FEW = TILES // 4  # of different key frames
# pixels of the whole video; decoding takes 2 to 4 ns each
_QUICK_PX = 400_000_000
_MAX_PX = 2_000_000_000

Tiles = list[NDArray[np.uint8]]


def filmstrip(path: Path, video: Video, *, limits: Limits) -> bytes:
    """A JPEG of `TILES` equally wide tiles, of at most `MAX_BYTES`; see `domain.filmstrip`.

    If a long video has few key frames, neighbouring tiles show the same picture.

    Raises:
        errors.SourceDamaged, errors.ConversionTooSlow: the video could not be decoded.
    """
    video = probed(video, path, limits=limits)
    tiles = _tiles(path, video, limits=limits)
    return _jpeg(np.concatenate([opaque(tile) for tile in tiles], axis=1))


def _tiles(path: Path, video: Video, *, limits: Limits) -> Tiles:
    whole_px = video.stored_width_px * video.stored_height_px * (video.fps or 0) * video.duration_s
    # without absolute timestamps, key frames cannot be placed in time
    if whole_px > _QUICK_PX and video.clock.is_absolute and not video.is_pictures:
        tiles = _decoded(path, video, limits=limits, key_frames_only=True)
        if whole_px > _MAX_PX or len({tile.tobytes() for tile in tiles}) > _FEW:
            return tiles
    return _decoded(path, video, limits=limits, key_frames_only=False)


def _decoded(path: Path, video: Video, *, limits: Limits, key_frames_only: bool) -> Tiles:
    plan = replace(filmstrip_plan(video), key_frames_only=key_frames_only)
    bounds = replace(limits, deadline_s=min(limits.deadline_s, math.ceil(DEADLINE_S)))
    frames = ffmpeg.frames(path, video, plan, limits=bounds, checkpoint=deadline(DEADLINE_S))
    with closing(frames):
        return list(frames)


def _jpeg(strip: NDArray[np.uint8]) -> bytes:
    image = Image.fromarray(strip)
    for quality in _QUALITIES:
        jpeg = BytesIO()
        image.save(jpeg, "JPEG", quality=quality)
        if jpeg.tell() <= MAX_BYTES:
            break
    return jpeg.getvalue()
