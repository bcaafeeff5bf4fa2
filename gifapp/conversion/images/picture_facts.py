"""Probes pictures and reports the same facts as `inspection` does for videos."""

from __future__ import annotations

import math
import statistics
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from PIL import Image

from gifapp import errors
from gifapp.conversion.images import collection
from gifapp.conversion.images.collection import Header, Pictures

# after this, pictures that may be transparent count as transparent
INSPECTION_BUDGET_S = 6.0


def inspect(path: Path, max_pixels: int) -> dict[str, Any]:
    """The facts of the pictures at `path`; the first one determines the size.

    Raises:
        errors.SourceRefused: they cannot be converted.
    """
    with collection.opened(path) as source:
        headers = _headers(source)
        for header in headers:
            _check_size(header, max_pixels)
        width_px, height_px = _first_size(source)
        sizes = {(header.width_px, header.height_px) for header in headers}
        return {
            **_times(source.delays_ms()),
            **_RGB,
            "container": source.container,
            "codec": headers[0].format,
            "plays": source.plays,
            "is_cut_short": source.is_cut_short,
            "holds_clip": source.holds_clip,
            "unclear_neighbours": source.unclear_neighbours,
            "width_px": width_px,
            "height_px": height_px,
            "has_alpha": _is_transparent(source),
            "differ_in_size": len(sizes) > 1,
            "composed_px": sum(header.composed_px for header in headers),
        }


def _headers(source: Pictures) -> list[Header]:
    named_headers = list(source.headers())
    headers = [header for _, header in named_headers if header]
    if not headers:
        raise errors.SourceNotVideo
    for name, header in named_headers:
        if header is None:
            raise errors.PicturesInvalid(problem=f"{name!r} is not a PNG, JPEG, WebP or AVIF")
    return headers


def _first_size(source: Pictures) -> tuple[int, int]:
    """The size of the first picture after decoding, which detects damage."""
    with closing(source.shown()) as shown:
        return next(shown).size


def _check_size(header: Header, max_pixels: int) -> None:
    width_px, height_px = header.largest_px
    if width_px * height_px > max_pixels:
        raise errors.SourceTooManyPixels(width_px=width_px, height_px=height_px, limit_px=max_pixels)


def _is_transparent(source: Pictures) -> bool:
    """Whether any pixel is transparent: many files have an unused alpha channel."""
    end = time.monotonic() + INSPECTION_BUDGET_S
    with closing(source.perhaps_transparent()) as shown:
        return any(_has_transparent_pixel(image) or time.monotonic() > end for image in shown)


def _has_transparent_pixel(image: Image.Image) -> bool:
    if image.mode != "RGBA":
        return False
    min_alpha, _ = image.getchannel("A").getextrema()
    return bool(min_alpha < 255)  # type: ignore[operator]  # one channel gives a number


def _times(delays_ms: list[float]) -> dict[str, Any]:
    *gaps_ms, last_ms = delays_ms
    usual_ms = statistics.median(gaps_ms) if gaps_ms else None
    return {
        "pictures": len(delays_ms),
        "delays_ms": delays_ms,
        "all_counted": True,
        "start_s": 0.0,
        "span_s": sum(gaps_ms) / 1000,
        "last_s": last_ms / 1000,
        "longest_gap_s": max(delays_ms) / 1000,
        "usual_gap_s": usual_ms / 1000 if usual_ms else None,
        "step_s": _step_ms(delays_ms) / 1000,
        "uneven_gaps": float(len(set(gaps_ms)) > 1),
        "claimed_s": sum(delays_ms) / 1000,
        "videos": 1,
        "has_alpha_layer": False,
    }


def _step_ms(delays_ms: list[float]) -> int:
    """The greatest common divisor of the delays; 0 if they are not whole milliseconds."""
    whole = [round(delay_ms) for delay_ms in delays_ms]
    return math.gcd(*whole) if whole == delays_ms else 0


_RGB = {
    "pixel_aspect": 1.0,
    "display_matrix": None,
    "is_rgb": True,
    "is_full_range_format": False,
    **dict.fromkeys(("matrix", "primaries", "transfer", "range"), 2),
}
