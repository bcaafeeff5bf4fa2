"""How similar two pictures look."""

from __future__ import annotations

import io
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pictures = NDArray[np.uint8]
"""uint8 (n, height, width, 3) RGB."""
Plane = NDArray[np.float32]

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_RADIUS_PX = 5
_SIGMA_PX = 1.5
_OFFSETS = np.arange(-_RADIUS_PX, _RADIUS_PX + 1)
_WEIGHTS = np.exp(-(_OFFSETS**2) / (2 * _SIGMA_PX**2))
_STEADY, _STEADY_SPREAD = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def ssim(pictures: Pictures, reference: Pictures) -> float:
    """The mean structural similarity of brightness; 1 if they are equal.

    Source: Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment", IEEE TIP 13(4), 2004.
    """
    return fmean(_ssim(a @ _LUMA, b @ _LUMA) for a, b in zip(pictures, reference, strict=True))


def ssimulacra2(pictures: Pictures, reference: Pictures) -> float | None:
    """The mean SSIMULACRA2, 100 if they are equal; None if the package `ssimulacra2` is not installed."""
    try:
        from ssimulacra2 import compute_ssimulacra2  # noqa: PLC0415  optional
    except ModuleNotFoundError:
        return None
    pairs = zip(pictures, reference, strict=True)
    return fmean(float(compute_ssimulacra2(_file(b), _file(a))) for a, b in pairs)


def opaque(frames: NDArray[np.uint8]) -> Pictures:
    """RGBA frames on white."""
    alpha = frames[..., 3:].astype(np.uint16)
    mixed = (frames[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255
    return mixed.astype(np.uint8)


def resized(pictures: Pictures, width_px: int, height_px: int) -> Pictures:
    if pictures.shape[1:3] == (height_px, width_px):
        return pictures
    sides = (width_px, height_px)
    return np.stack(
        [np.asarray(Image.fromarray(one).resize(sides, Image.Resampling.BICUBIC)) for one in pictures]
    )


def _ssim(a: Plane, b: Plane) -> float:
    mean_a, mean_b = _blurred(a), _blurred(b)
    spread_a = _blurred(a * a) - mean_a**2
    spread_b = _blurred(b * b) - mean_b**2
    shared = _blurred(a * b) - mean_a * mean_b
    likeness = (2 * mean_a * mean_b + _STEADY) * (2 * shared + _STEADY_SPREAD)
    spread = (mean_a**2 + mean_b**2 + _STEADY) * (spread_a + spread_b + _STEADY_SPREAD)
    return float(np.mean(likeness / spread))


def _blurred(plane: Plane) -> Plane:
    return _blurred_rows(_blurred_rows(plane).T).T


def _blurred_rows(plane: Plane) -> Plane:
    padded = np.pad(plane, ((0, 0), (_RADIUS_PX, _RADIUS_PX)), "symmetric")
    weights = (_WEIGHTS / _WEIGHTS.sum()).astype(np.float32)
    windows = (padded[:, offset : offset + plane.shape[1]] for offset in range(len(weights)))
    blurred: Plane = sum(weight * window for weight, window in zip(weights, windows, strict=True))
    return blurred


def _file(picture: NDArray[np.uint8]) -> io.BytesIO:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "BMP")
    return file
