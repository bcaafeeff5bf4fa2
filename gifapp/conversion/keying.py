"""Chroma key: what becomes of each colour, as two tables that ffmpeg looks up.

A pixel at an edge is a mix of the screen behind and of what stands before it. How much of it is not
the screen is read from its colour, as the distance from the key in the plane of chroma, where grey
lies at 1 (brightness counts only for keys that are nearly grey themselves). That share of the key
is taken out of the colour, so that nothing green is left at the edges (matte and despill in one:
P = share * F + (1 - share) * key, solved for F, is exact where F is grey).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gifapp.domain.recipe import ChromaKey

Floats = NDArray[np.float64]

COLOURS, ALPHA = "colours.cube", "alpha.cube"

_STEPS = 33  # of each channel; ffmpeg interpolates between them
_SOFTNESS = 0.4  # from the tolerance on, over so much more distance, a colour becomes opaque
_LEAST_SOFTNESS = 0.05
_CHROMATIC = 0.25  # keys with less chroma are told by their brightness, too
_LEAST_SHARE = 0.2  # below it there is nothing left to see, and only noise to enlarge


@contextmanager
def tables(key: ChromaKey | None) -> Iterator[Path | None]:
    """A directory with the files `COLOURS` and `ALPHA`, gone afterwards; None without a key."""
    if key is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="gifapp-") as directory:
        blue, green, red = np.meshgrid(*[np.linspace(0, 1, _STEPS)] * 3, indexing="ij")
        colours, alpha = keyed(np.stack([red, green, blue], axis=-1), key)
        _write_cube(Path(directory, COLOURS), colours)
        _write_cube(Path(directory, ALPHA), np.repeat(alpha[..., None], 3, axis=-1))
        yield Path(directory)


def keyed(colours: Floats, key: ChromaKey) -> tuple[Floats, Floats]:
    """The same colours without the key's share in them, and how opaque they are; all from 0 to 1.

    `colours` is RGB along its last axis.
    """
    screen = np.array([int(key.colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    distance = _distance(colours, screen)
    softness = min(_SOFTNESS, max(_LEAST_SOFTNESS, 1 - key.tolerance))
    share = np.clip(distance, _LEAST_SHARE, 1)[..., None]
    unmixed = (colours - (1 - share) * screen) / share
    return np.clip(unmixed, 0, 1), np.clip((distance - key.tolerance) / softness, 0, 1)


def _distance(colours: Floats, screen: Floats) -> Floats:
    """How far from the screen, where 1 is as far as grey, or as white from black."""
    luma, *chroma = _luma_and_chroma(screen)
    saturation = float(np.hypot(*chroma))
    weight = 1 - min(1.0, saturation / _CHROMATIC)
    apart = _luma_and_chroma(colours) - np.array([luma, *chroma])
    distance: Floats = np.linalg.norm(apart * [weight, 1, 1], axis=-1) / max(saturation, weight)
    return distance


def _luma_and_chroma(colours: Floats) -> Floats:
    """Y, Cb and Cr of BT.601, Y from 0 to 1, the others around 0."""
    luma = colours @ np.array([0.299, 0.587, 0.114])
    return np.stack([luma, (colours[..., 2] - luma) * 0.564, (colours[..., 0] - luma) * 0.713], axis=-1)


def _write_cube(path: Path, cube: Floats) -> None:
    """As a 3D table that ffmpeg's lut3d reads, in which red changes first."""
    rows = "%.4f %.4f %.4f\n" * _STEPS**3 % tuple(cube.ravel().tolist())
    path.write_text(f"LUT_3D_SIZE {_STEPS}\n{rows}", "ascii")
