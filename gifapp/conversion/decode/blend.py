"""Mixes two frames, and fades frames from and to black."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gifapp.conversion.frame import Frame, Pixels
from gifapp.domain.recipes.recipe import Look


def mixed(before: Pixels, after: Pixels, share: float) -> Pixels:
    """Mix `share` (0 to 1) of `after` with the rest of `before`, linearly in the stored values.

    The colour of a transparent pixel has no weight.
    """
    weights = (np.float32(1 - share), np.float32(share))
    if before.shape[2] == 3:
        return _rounded(before * weights[0] + after * weights[1])
    shown = [pixels[..., 3:] * weight for pixels, weight in zip((before, after), weights, strict=True)]
    alpha = shown[0] + shown[1]
    colours = before[..., :3] * shown[0] + after[..., :3] * shown[1]
    return _rounded(np.concatenate([colours / np.maximum(alpha, np.float32(1e-3)), alpha], axis=2))


def faded(frames: Iterator[Frame], look: Look, duration_s: float) -> Iterator[Frame]:
    """Fade the frames in from black and out to black until `duration_s`; later frames are black.

    The first and the last frame are black; transparent pixels stay transparent.
    """
    begin_s = 0.0
    for pixels, delay_cs in frames:
        end_s = begin_s + delay_cs / 100
        light = _share(begin_s, look.fade_in_s) * _share(duration_s - end_s, look.fade_out_s)
        yield Frame(pixels if light == 1 else _darkened(pixels, light), delay_cs)
        begin_s = end_s


def _share(passed_s: float, whole_s: float) -> float:
    return min(1.0, max(0.0, passed_s) / whole_s) if whole_s else 1.0


def _darkened(pixels: Pixels, light: float) -> Pixels:
    dark = pixels.copy()
    dark[..., :3] = _rounded(pixels[..., :3] * np.float32(light))
    return dark


def _rounded(light: NDArray[np.float32]) -> Pixels:
    return (light + np.float32(0.5)).astype(np.uint8)
