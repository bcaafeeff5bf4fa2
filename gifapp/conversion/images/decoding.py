"""Decodes one stored picture at a time with libavcodec, and converts its planes to RGB.

libavcodec already decodes untrusted videos, so pictures add no library with vulnerabilities of its own.
This module never reads a frame's side data (EXIF, profiles): PyAV crashes on kinds that it does not know.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]

FULL_RANGE, LIMITED_RANGE = 2, 1  # ffmpeg's AVCOL_RANGE_JPEG and _MPEG
_WHOLE_BLOCKS = 128  # padding that a decoder may add to a side
BT601 = 5  # ffmpeg's number of the matrix
# interpolate chroma between its samples, as libjpeg, libwebp and browsers do
_SMOOTH = Interpolation.BILINEAR | Interpolation.FULL_CHR_H_INT | Interpolation.ACCURATE_RND


class Decoder:
    """Decodes pictures of one size, which may depend on earlier ones."""

    def __init__(self, codec: str, size: tuple[int, int]) -> None:
        self._size = size
        self._context: Any = av.CodecContext.create(codec, "r")
        self._context.thread_count = 1
        max_pixels = (size[0] + _WHOLE_BLOCKS) * (size[1] + _WHOLE_BLOCKS)
        # "explode": a decoder that continues after damage invents the rest of the picture
        self._context.options = {"max_pixels": str(max_pixels), "err_detect": "explode"}

    def decode(self, data: bytes) -> Any:
        """Decode a packet's frame.

        Raises:
            ValueError: it has no frame, or one of another size.
        """
        with _translating_errors():
            frames = self._context.decode(av.Packet(data))
        if not frames or (frames[-1].width, frames[-1].height) != self._size:
            raise ValueError("its size differs from the one in its header")
        return frames[-1]


def decode(codec: str, data: bytes, size: tuple[int, int]) -> Any:
    """Decode the frame of a file or packet that declares this size.

    Raises:
        ValueError: it is damaged.
    """
    return Decoder(codec, size).decode(data)


@contextmanager
def _translating_errors() -> Iterator[None]:
    try:
        yield
    except av.FFmpegError as failed:
        raise ValueError("damaged") from failed


def plane(frame: Any, number: int) -> Pixels:
    """The bytes of a plane (height, bytes per row), without the padding rows."""
    stored = frame.planes[number]
    rows = np.frombuffer(stored, np.uint8).reshape(-1, stored.line_size)
    return rows[: stored.height]


def in_rgb(frame: Any, *, matrix: int | None = None, has_alpha: bool = False) -> Image.Image:
    """Convert a frame to RGB or RGBA."""
    whole = _with_even_sides(frame)
    if matrix is not None:
        whole.colorspace = matrix
    with _translating_errors():  # planar output takes libswscale half the time
        shown = VideoReformatter().reformat(
            whole, format="gbrap" if has_alpha else "gbrp", interpolation=_SMOOTH
        )
    order = (2, 0, 1, 3)[: len(shown.planes)]
    channels = [plane(shown, number)[: frame.height, : frame.width] for number in order]
    images = [Image.fromarray(np.ascontiguousarray(channel)) for channel in channels]
    return Image.merge("RGBA" if has_alpha else "RGB", images)


def _with_even_sides(frame: Any) -> Any:
    """Pad odd sides: libswscale would stretch their rounded-up chroma, which shifts the colours."""
    step_x, step_y = 8 // frame.format.chroma_width(8), 8 // frame.format.chroma_height(8)
    width_px, height_px = -(-frame.width // step_x) * step_x, -(-frame.height // step_y) * step_y
    if (width_px, height_px) == (frame.width, frame.height):
        return frame
    whole = av.VideoFrame(width_px, height_px, frame.format.name)
    for number, target in enumerate(whole.planes):
        source, rows = plane(frame, number), np.zeros((target.height, target.line_size), np.uint8)
        row_bytes = min(source.shape[1], target.line_size)
        rows[: len(source), :row_bytes] = source[:, :row_bytes]
        target.update(rows.tobytes())
    whole.colorspace, whole.color_range = frame.colorspace, frame.color_range
    return whole
