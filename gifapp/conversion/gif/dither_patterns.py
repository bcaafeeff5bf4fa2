"""Static dither patterns: the same thresholds for every frame, so that the grain does not crawl."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from gifapp.domain.recipes.recipe import Dither

Mask = NDArray[np.int32]

_STEPS = 8  # of brightness, from -4 to 3
_SIDE = 32
_SPREAD_PX = 1.5


@cache
def mask(dither: Dither) -> Mask:
    """Offsets to a pixel's brightness, tiled over the picture; a single zero without a pattern."""
    match dither:
        case "bayer":
            return _stepped(_bayer())
        case "blue_noise":
            return _stepped(_void_and_cluster())
        case _:
            return np.zeros((1, 1), np.int32)


def _stepped(ranks: NDArray[np.int64]) -> Mask:
    return (ranks * _STEPS // ranks.size - _STEPS // 2).astype(np.int32)


def _bayer() -> NDArray[np.int64]:
    """B. Bayer, "An optimum method for two-level rendition of continuous-tone pictures", ICC 1973."""
    matrix = np.zeros((1, 1), np.int64)
    for _ in range(3):
        matrix = np.block([[4 * matrix, 4 * matrix + 2], [4 * matrix + 3, 4 * matrix + 1]])
    return matrix


def _void_and_cluster() -> NDArray[np.int64]:
    """Ranks of blue noise: at every threshold the points are spread evenly but without a visible pattern.

    After R. Ulichney, "The void-and-cluster method for dither array generation", SPIE 1913 (1993): each
    next point goes to the emptiest place on a torus.
    """
    distance = np.minimum(np.arange(_SIDE), _SIDE - np.arange(_SIDE))
    bump = np.exp(-(distance[:, None] ** 2 + distance**2) / (2 * _SPREAD_PX**2))
    crowd = np.random.default_rng(1993).random((_SIDE, _SIDE)) * 1e-6  # breaks ties
    ranks = np.zeros((_SIDE, _SIDE), np.int64)
    for rank in range(ranks.size):
        y, x = np.unravel_index(np.argmin(crowd), crowd.shape)
        ranks[y, x] = rank
        crowd += np.roll(bump, (int(y), int(x)), (0, 1))
        crowd[y, x] = np.inf
    return ranks
