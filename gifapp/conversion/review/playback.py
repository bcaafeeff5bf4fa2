"""Decodes a finished file of any output format to the frames that a viewer sees."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gifapp.conversion.images import containers
from gifapp.conversion.images.compositor import composed
from gifapp.conversion.probing.container_formats import ALPHA_DECODERS

_VIDEOS = ("video/mp4", "video/webm")

_Wanted = Callable[[int], bool]


class Playback(NamedTuple):
    """Frames as shown, uint8 (n, height, width, 4) RGBA, and how long each is shown, in seconds."""

    frames: NDArray[np.uint8]
    delays_s: tuple[float, ...]

    @property
    def duration_s(self) -> float:
        return sum(self.delays_s)


def decoded(content: bytes, content_type: str) -> Playback:
    """The playback of a file's content."""
    frames = np.stack(list(_frames(content, content_type)))
    return Playback(frames, _delays_s(content, content_type))


def decoded_at(content: bytes, content_type: str, moments: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The frames shown at moments from 0 to 1, as shares of the duration: uint8 (n, height, width, 4)."""
    numbers = shown_at(_delays_s(content, content_type), moments).tolist()
    wanted = sorted(set(numbers))
    decoded = _frames(content, content_type, set(wanted).__contains__)
    frames = dict(zip(wanted, decoded, strict=True))
    return np.stack([frames[number] for number in numbers])


def shown_at(delays: Sequence[float], moments: NDArray[np.float64]) -> NDArray[np.intp]:
    """The numbers of the frames shown at moments from 0 to 1, as shares of the duration."""
    ends = np.cumsum(delays)
    numbers: NDArray[np.intp] = np.searchsorted(ends, moments * ends[-1], side="right")
    return np.minimum(numbers, len(ends) - 1, out=numbers)


def first_png(content: bytes, content_type: str) -> bytes:
    """The first frame, as a PNG."""
    file = io.BytesIO()
    Image.fromarray(next(_frames(content, content_type))).save(file, "png")
    return file.getvalue()


def _frames(
    content: bytes, content_type: str, is_wanted: _Wanted = lambda _: True
) -> Iterator[NDArray[np.uint8]]:
    """The frames whose numbers are wanted, RGBA, one by one."""
    if content_type in _VIDEOS:
        pictures = (frame for number, frame in enumerate(_video(content)) if is_wanted(number))
        return (frame.to_ndarray(format="rgba") for frame in pictures)
    drawn = composed(containers.read(memoryview(content)), is_wanted)
    return (np.array(picture.convert("RGBA")) for picture in drawn)  # copies: all are drawn on one canvas


def _delays_s(content: bytes, content_type: str) -> tuple[float, ...]:
    if content_type not in _VIDEOS:
        return tuple(tile.delay_ms / 1000 for tile in containers.read(memoryview(content)).tiles)
    starts_s = [float(frame.time or 0) for frame in _video(content)]
    ends_s = pairwise([*starts_s, max(_video_end_s(content), starts_s[-1])])
    return tuple(end_s - start_s for start_s, end_s in ends_s)


def _video(content: bytes) -> Iterator[Any]:
    import av  # noqa: PLC0415  slow to import, and few files are videos

    with av.open(io.BytesIO(content), "r") as container:
        stream = container.streams.video[0]
        alpha_decoder = ALPHA_DECODERS.get(stream.codec.canonical_name)
        decoder: Any = av.CodecContext.create(alpha_decoder, "r") if alpha_decoder else stream.codec_context
        for packet in container.demux(stream):
            yield from decoder.decode(packet if packet.size else None)


def _video_end_s(content: bytes) -> float:
    import av  # noqa: PLC0415  as above

    with av.open(io.BytesIO(content), "r") as container:
        return float(container.duration or 0) / av.time_base


def colours_in(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The colours of all visible pixels, most frequent first, uint8 (n, 3)."""
    visible = frames[frames[..., 3] > 0][:, :3].astype(np.uint32)
    packed, counts = np.unique(visible @ np.array([65536, 256, 1], np.uint32), return_counts=True)
    by_count = packed[np.argsort(counts)[::-1]]
    return np.stack([by_count >> 16, by_count >> 8 & 255, by_count & 255], axis=-1).astype(np.uint8)
