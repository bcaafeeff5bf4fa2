"""How close a GIF is to its source frames."""

from __future__ import annotations

from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageSequence
from scipy.ndimage import gaussian_filter
from ssimulacra2 import compute_ssimulacra2

Frames = NDArray[np.uint8]
Plane = NDArray[np.float32]

EYE_PX = 1.2  # the blur of an eye that averages dithering
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_LOOKED_AT = 9  # frames for SSIMULACRA2, which is slow; not a multiple of the palettes' period


class Quality(NamedTuple):
    """Means over the frames; the last two are errors, in steps of 255, and better when small."""

    psnr_db: float
    blurred_psnr_db: float
    ssim: float
    ssimulacra2: float
    flicker: float
    crawl: float


DIGITS = (2, 2, 4, 2, 3, 3)
_SIGNS = (1, 1, 1, 1, -1, -1)


def gains(quality: Quality, other: Quality) -> Quality:
    """How much better the first is; positive is better for every measure."""
    return Quality(*(sign * (a - b) for a, b, sign in zip(quality, other, _SIGNS, strict=True)))


def compare(gif: Frames, reference: Frames) -> Quality:
    """Compare two uint8 arrays (n, height, width, 3) of the same shape.

    Crawl is the mean change from frame to frame that the reference does not have; flicker is the same
    after the blur.
    """
    errors = [a.astype(np.float32) - b for a, b in zip(gif, reference, strict=True)]
    blurred = [_blurred(error) for error in errors]
    return Quality(
        psnr_db=_psnr(errors),
        blurred_psnr_db=_psnr(blurred),
        ssim=ssim(gif, reference),
        ssimulacra2=_ssimulacra2(gif, reference),
        flicker=_change(blurred),
        crawl=_change(errors),
    )


def ssim(gif: Frames, reference: Frames) -> float:
    return float(np.mean([_ssim(a @ _LUMA, b @ _LUMA) for a, b in zip(gif, reference, strict=True)]))


def frames_of(gif: Path | BinaryIO, count: int) -> Frames:
    """The GIF as seen at `count` moments spread evenly over its own duration.

    Encoders merge frames and round delays differently, so frames are matched by time, not by number.
    """
    with Image.open(gif) as opened:
        shown = [
            (np.asarray(frame.convert("RGB")), frame.info["duration"])
            for frame in ImageSequence.Iterator(opened)
        ]
    ends = np.cumsum([duration for _, duration in shown])
    moments = (np.arange(count) + 0.5) * ends[-1] / count
    return np.stack([shown[at][0] for at in np.searchsorted(ends, moments, side="right")])


def _psnr(errors: list[Plane]) -> float:
    squared = float(np.mean([np.mean(error * error) for error in errors]))
    return float(10 * np.log10(255**2 / max(squared, 1e-9)))


def _blurred(picture: Plane) -> Plane:
    blurred: Plane = gaussian_filter(picture, (EYE_PX, EYE_PX, 0))
    return blurred


def _ssim(a: Plane, b: Plane) -> float:
    """Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment", IEEE TIP 13(4), 2004; on brightness."""
    mean_a, mean_b = gaussian_filter(a, 1.5), gaussian_filter(b, 1.5)
    spread_a = gaussian_filter(a * a, 1.5) - mean_a**2
    spread_b = gaussian_filter(b * b, 1.5) - mean_b**2
    shared = gaussian_filter(a * b, 1.5) - mean_a * mean_b
    steady, steady_spread = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    likeness = (2 * mean_a * mean_b + steady) * (2 * shared + steady_spread)
    spread = (mean_a**2 + mean_b**2 + steady) * (spread_a + spread_b + steady_spread)
    return float(np.mean(likeness / spread))


def _ssimulacra2(gif: Frames, reference: Frames) -> float:
    numbers = np.unique(np.linspace(0, len(gif) - 1, _LOOKED_AT).round().astype(int))
    return float(np.mean([compute_ssimulacra2(_file(reference[at]), _file(gif[at])) for at in numbers]))


def _file(picture: NDArray[np.uint8]) -> BytesIO:
    file = BytesIO()
    Image.fromarray(picture).save(file, "BMP")
    return file


def _change(errors: list[Plane]) -> float:
    changes = [np.mean(np.abs(after - before)) for before, after in pairwise(errors)]
    return float(np.mean(changes)) if changes else 0.0
