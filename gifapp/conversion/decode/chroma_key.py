"""Chroma key: maps each colour to a new colour and an alpha, as two lookup tables for ffmpeg.

A pixel at an edge mixes the screen with the foreground. The foreground's share is estimated from the
distance to the key in the chroma plane, where grey is at distance 1. The screen's share is then subtracted
from the colour, so that no green fringe remains (matte and despill in one: P = share * F + (1 - share) * key,
solved for F, is exact if F is grey).

A nearly grey key, such as white paper, is recognised by its brightness as well. Greys then belong to the
picture: fewer colours count as edges, and opaque colours stay unchanged.
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

STEPS = 33  # per channel; ffmpeg interpolates between them
_CHROMATIC = 0.25  # keys with less chroma are nearly grey
_SOFTNESS, _SOFTNESS_OF_GREY = 0.4, 0.1  # distance from the tolerance to full opacity
_MIN_SOFTNESS = 0.05
_MIN_SHARE = 0.2  # below it the foreground is invisible, and dividing would amplify noise


@contextmanager
def tables(key: ChromaKey | None) -> Iterator[Path | None]:
    """A temporary directory with the files `COLOURS` and `ALPHA`; None without a key."""
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
    """The colours with the key's share removed, and their alpha; all values from 0 to 1.

    The last axis of `colours` is RGB.
    """
    screen = np.array([int(key.colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    greyness = 1 - min(1.0, _saturation(screen) / _CHROMATIC)
    distance = _distance(colours, screen, greyness)
    softness = _between(_SOFTNESS, _SOFTNESS_OF_GREY, greyness)
    softness = min(softness, max(_MIN_SOFTNESS, 1 - key.tolerance))
    reach = _between(1.0, key.tolerance + softness, greyness)
    share = np.clip(distance / reach, _MIN_SHARE, 1)[..., None]
    unmixed = (colours - (1 - share) * screen) / share
    return np.clip(unmixed, 0, 1), np.clip((distance - key.tolerance) / softness, 0, 1)


def _between(first: float, second: float, share: float) -> float:
    return first * (1 - share) + second * share


def _distance(colours: Floats, screen: Floats, greyness: float) -> Floats:
    """The distance from the key; 1 is the distance of grey, or of white from black."""
    apart = (_luma_and_chroma(colours) - _luma_and_chroma(screen)) * [greyness, 1, 1]
    distance: Floats = np.linalg.norm(apart, axis=-1) / max(_saturation(screen), greyness)
    return distance


def _saturation(colour: Floats) -> float:
    return float(np.hypot(*_luma_and_chroma(colour)[1:]))


def _luma_and_chroma(colours: Floats) -> Floats:
    """Y (0 to 1), Cb and Cr (around 0) of BT.601."""
    luma = colours @ np.array([0.299, 0.587, 0.114])
    return np.stack([luma, (colours[..., 2] - luma) * 0.564, (colours[..., 0] - luma) * 0.713], axis=-1)


def write_cube(path: Path, cube: Floats) -> None:
    """Write a 3D table for ffmpeg's lut3d, in which red varies fastest."""
    rows = "%.4f %.4f %.4f\n" * STEPS**3 % tuple(cube.ravel().tolist())
    path.write_text(f"LUT_3D_SIZE {STEPS}\n{rows}", "ascii")
