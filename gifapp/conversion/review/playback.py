"""Decodes a finished file of any output format to the frames that a viewer sees."""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gifapp.conversion.images import containers
from gifapp.conversion.images.compositor import composed

_VIDEOS = ("video/mp4", "video/webm")


class Playback(NamedTuple):
    """Frames as shown, uint8 (n, height, width, 4) RGBA, and how long each shows, in seconds."""

    frames: NDArray[np.uint8]
    delays_s: tuple[float, ...]

    @property
    def duration_s(self) -> float:
        return sum(self.delays_s)


def decoded(content: bytes, content_type: str) -> Playback:
    """The playback of a file's content."""
    return _video(content) if content_type in _VIDEOS else _pictures(content)


def decoded_at(content: bytes, content_type: str, moments: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The frames shown at moments from 0 to 1, as shares of the duration: uint8 (n, height, width, 4)."""
    if content_type in _VIDEOS:
        playback = _video(content)
        return playback.frames[shown_at(playback.delays_s, moments)]
    animation = containers.read(memoryview(content))
    numbers = shown_at([tile.delay_ms for tile in animation.tiles], moments).tolist()
    wanted = sorted(set(numbers))
    pictures = composed(animation, set(wanted).__contains__)
    frames = {number: _rgba(picture) for number, picture in zip(wanted, pictures, strict=True)}
    return np.stack([frames[number] for number in numbers])


def shown_at(delays: Sequence[float], moments: NDArray[np.float64]) -> NDArray[np.intp]:
    """The numbers of the frames shown at moments from 0 to 1, as shares of the duration."""
    ends = np.cumsum(delays)
    numbers: NDArray[np.intp] = np.searchsorted(ends, moments * ends[-1], side="right")
    return np.minimum(numbers, len(ends) - 1, out=numbers)


def _pictures(content: bytes) -> Playback:
    animation = containers.read(memoryview(content))
    frames = np.stack([_rgba(picture) for picture in composed(animation)])
    return Playback(frames, tuple(tile.delay_ms / 1000 for tile in animation.tiles))


def _rgba(picture: Image.Image) -> NDArray[np.uint8]:
    """A copy: pictures are drawn on one canvas."""
    return np.array(picture.convert("RGBA"))


def _video(content: bytes) -> Playback:
    import av  # noqa: PLC0415  slow to import, and few files are videos

    with av.open(io.BytesIO(content), "r") as container:
        stream = container.streams.video[0]
        decoded = [
            (float(frame.time or 0), frame.to_ndarray(format="rgba")) for frame in container.decode(stream)
        ]
        end_s = float(container.duration or 0) / av.time_base
    starts_s = [start_s for start_s, _ in decoded]
    ends_s = pairwise([*starts_s, max(end_s, starts_s[-1])])
    return Playback(np.stack([frame for _, frame in decoded]), tuple(end - start for start, end in ends_s))


def first_png(content: bytes, content_type: str) -> bytes:
    """The first frame, as a PNG."""
    if content_type in _VIDEOS:
        picture = Image.fromarray(_video(content).frames[0])
    else:
        picture = next(composed(containers.read(memoryview(content))))
    file = io.BytesIO()
    picture.save(file, "png")
    return file.getvalue()


def colours_in(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The colours of all visible pixels, most frequent first, uint8 (n, 3)."""
    visible = frames[frames[..., 3] > 0][:, :3].astype(np.uint32)
    packed, counts = np.unique(visible @ np.array([65536, 256, 1], np.uint32), return_counts=True)
    by_count = packed[np.argsort(counts)[::-1]]
    return np.stack([by_count >> 16, by_count >> 8 & 255, by_count & 255], axis=-1).astype(np.uint8)
