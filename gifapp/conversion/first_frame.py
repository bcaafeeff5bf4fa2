"""Keeps the first frame of a GIF as a small still, for pages that show many GIFs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from gifapp.conversion.frame import Frame, Pixels

MAX_PX = (480, 960)
"""The most width and height of a still; a page shows none larger."""
_QUALITY = 75


def saving_first(frames: Iterator[Frame], still: Path) -> Iterator[Frame]:
    """Yield the frames, and write the first to `still` as a WebP of at most `MAX_PX`."""
    for number, frame in enumerate(frames):
        if number == 0:
            _save(frame.pixels, still)
        yield frame


def _save(pixels: Pixels, still: Path) -> None:
    picture = Image.fromarray(pixels)
    picture.thumbnail(MAX_PX)
    picture.save(still, "WEBP", quality=_QUALITY)
