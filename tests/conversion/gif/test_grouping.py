"""Telling screens, drawings and films apart, of pixels however they lie in memory."""

import numpy as np
from numpy.typing import NDArray

from gifapp.conversion.gif.grouping import Kind, kind_of


def test_screens_drawings_and_films_are_told_apart_however_their_pixels_lie() -> None:
    film = np.random.default_rng(1).integers(0, 256, (90, 120, 3), np.uint8)
    drawing = np.repeat(np.arange(90, dtype=np.uint8), 360).reshape(90, 120, 3)
    drawing[:, ::10] = 200
    screen = np.full((90, 120, 3), 255, np.uint8)
    screen[::8, 10:60] = 0
    assert views(film) == {"film"}
    assert views(drawing) == {"drawing"}
    assert views(screen) == {"screen"}


def views(pixels: NDArray[np.uint8]) -> set[Kind]:
    """Its kind as it is, read-only, mirrored, and with a fourth channel beside."""
    wide = np.dstack([pixels, pixels[..., :1]])
    pixels.flags.writeable = False
    return {kind_of(seen) for seen in (pixels.copy(), pixels, pixels[::-1, ::-1], wide[..., :3])}
