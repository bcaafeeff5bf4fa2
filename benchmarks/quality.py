"""How near a GIF is to the frames it was made of."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageSequence
from scipy.ndimage import gaussian_filter

Frames = NDArray[np.uint8]
EYE_PX = 1.2  # the blur of an eye that averages dithering
_LUMA = (0.299, 0.587, 0.114)


class Quality(NamedTuple):
    psnr_db: float
    blurred_psnr_db: float
    ssim: float
    flicker: float


def compare(gif: Frames, reference: Frames) -> Quality:
    """Means over all frames; both uint8 (n, height, width, 3) of one shape."""
    pairs = [(a.astype(np.float32), b.astype(np.float32)) for a, b in zip(gif, reference, strict=True)]
    return Quality(
        psnr_db=_psnr(np.mean([np.mean((a - b) ** 2) for a, b in pairs])),
        blurred_psnr_db=_psnr(np.mean([np.mean(_blurred(a - b) ** 2) for a, b in pairs])),
        ssim=float(np.mean([_ssim(a @ _LUMA, b @ _LUMA) for a, b in pairs])),
        flicker=_flicker(pairs),
    )


def frames_of(path: Path, count: int) -> Frames:
    """The GIF as seen at `count` moments spread evenly over its own duration.

    Writers merge frames and round delays differently, so frames are met by time, not by number.
    """
    with Image.open(path) as gif:
        shown = [
            (np.asarray(frame.convert("RGB")), frame.info["duration"])
            for frame in ImageSequence.Iterator(gif)
        ]
    ends = np.cumsum([duration for _, duration in shown])
    moments = (np.arange(count) + 0.5) * ends[-1] / count
    return np.stack([shown[at][0] for at in np.searchsorted(ends, moments, side="right")])


def _psnr(squared_error: float) -> float:
    return float(10 * np.log10(255**2 / max(squared_error, 1e-9)))


def _blurred(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    return gaussian_filter(picture, (EYE_PX, EYE_PX, 0))


def _ssim(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment", IEEE TIP 13(4), 2004; on brightness."""
    mean_a, mean_b = gaussian_filter(a, 1.5), gaussian_filter(b, 1.5)
    spread_a = gaussian_filter(a * a, 1.5) - mean_a**2
    spread_b = gaussian_filter(b * b, 1.5) - mean_b**2
    shared = gaussian_filter(a * b, 1.5) - mean_a * mean_b
    steady, steady_spread = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    likeness = (2 * mean_a * mean_b + steady) * (2 * shared + steady_spread)
    return float(
        np.mean(likeness / ((mean_a**2 + mean_b**2 + steady) * (spread_a + spread_b + steady_spread)))
    )


def _flicker(pairs: list[tuple[NDArray[np.float32], NDArray[np.float32]]]) -> float:
    """The mean change from frame to frame that the reference does not have, seen blurred."""
    errors = [_blurred(a - b) for a, b in pairs]
    changes = [np.mean(np.abs(after - before)) for before, after in pairwise(errors)]
    return float(np.mean(changes)) if changes else 0.0
