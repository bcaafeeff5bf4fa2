"""Chroma key: what becomes of each colour, as two lookup tables for ffmpeg.

A pixel at an edge is a mix of the screen behind and of what stands before it. How much of it is not
the screen is read from its colour, as the distance from the key in the plane of chroma, where grey
lies at 1. The screen's share is taken out of the colour, so that nothing green is left at the edges
(matte and despill in one: P = share * F + (1 - share) * key, solved for F, is exact where F is grey).

A key that is nearly grey itself, such as white paper, is told by its brightness, too. Greys are then
the picture: less is taken for edges, and nothing out of what is opaque.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gifapp.domain.recipes.recipe import ChromaKey

Floats = NDArray[np.float64]

COLOURS, ALPHA = "colours.cube", "alpha.cube"

STEPS = 33  # of each channel; ffmpeg interpolates between them
_CHROMATIC = 0.25  # keys with less chroma are nearly grey
_SOFTNESS, _SOFTNESS_OF_GREY = 0.4, 0.1  # how far from the tolerance to where a colour is opaque
_LEAST_SOFTNESS = 0.05
_LEAST_SHARE = 0.2  # below it there is nothing left to see, and only noise to enlarge


@contextmanager
def tables(key: ChromaKey | None) -> Iterator[Path | None]:
    """A directory with the files `COLOURS` and `ALPHA`, gone afterwards; None without a key."""
    if key is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="gifapp-") as directory:
        blue, green, red = np.meshgrid(*[np.linspace(0, 1, STEPS)] * 3, indexing="ij")
        colours, alpha = keyed(np.stack([red, green, blue], axis=-1), key)
        write_cube(Path(directory, COLOURS), colours)
        write_cube(Path(directory, ALPHA), np.repeat(alpha[..., None], 3, axis=-1))
        yield Path(directory)


def keyed(colours: Floats, key: ChromaKey) -> tuple[Floats, Floats]:
    """The same colours without the key's share in them, and how opaque they are; all from 0 to 1.

    `colours` is RGB along its last axis.
    """
    screen = np.array([int(key.colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    greyness = 1 - min(1.0, _saturation(screen) / _CHROMATIC)
    distance = _distance(colours, screen, greyness)
    softness = _between(_SOFTNESS, _SOFTNESS_OF_GREY, greyness)
    softness = min(softness, max(_LEAST_SOFTNESS, 1 - key.tolerance))
    reach = _between(1.0, key.tolerance + softness, greyness)
    share = np.clip(distance / reach, _LEAST_SHARE, 1)[..., None]
    unmixed = (colours - (1 - share) * screen) / share
    return np.clip(unmixed, 0, 1), np.clip((distance - key.tolerance) / softness, 0, 1)


def _between(one: float, other: float, share: float) -> float:
    return one * (1 - share) + other * share


def _distance(colours: Floats, screen: Floats, greyness: float) -> Floats:
    """How far from the screen, where 1 is as far as grey, or as white from black."""
    apart = (_luma_and_chroma(colours) - _luma_and_chroma(screen)) * [greyness, 1, 1]
    distance: Floats = np.linalg.norm(apart, axis=-1) / max(_saturation(screen), greyness)
    return distance


def _saturation(colour: Floats) -> float:
    return float(np.hypot(*_luma_and_chroma(colour)[1:]))


def _luma_and_chroma(colours: Floats) -> Floats:
    """Y, Cb and Cr of BT.601, Y from 0 to 1, the others around 0."""
    luma = colours @ np.array([0.299, 0.587, 0.114])
    return np.stack([luma, (colours[..., 2] - luma) * 0.564, (colours[..., 0] - luma) * 0.713], axis=-1)


def write_cube(path: Path, cube: Floats) -> None:
    """As a 3D table that ffmpeg's lut3d reads, in which red changes first."""
    rows = "%.4f %.4f %.4f\n" * STEPS**3 % tuple(cube.ravel().tolist())
    path.write_text(f"LUT_3D_SIZE {STEPS}\n{rows}", "ascii")
