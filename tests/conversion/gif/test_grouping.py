"""Screen recordings, drawings and films are told apart, whatever the memory layout of their pixels."""

import numpy as np
from numpy.typing import NDArray

from gifapp.conversion.gif.grouping import Kind, kind_of


def test_kind_does_not_depend_on_the_memory_layout() -> None:
    film = np.random.default_rng(1).integers(0, 256, (90, 120, 3), np.uint8)
    drawing = np.repeat(np.arange(90, dtype=np.uint8), 360).reshape(90, 120, 3)
    drawing[:, ::10] = 200
    screen = np.full((90, 120, 3), 255, np.uint8)
    screen[::8, 10:60] = 0
    assert views(film) == {"film"}
    assert views(drawing) == {"drawing"}
    assert views(screen) == {"screen"}


def views(pixels: NDArray[np.uint8]) -> set[Kind]:
    """The kind detected as is, read-only, mirrored, and with an alpha channel."""
    wide = np.dstack([pixels, pixels[..., :1]])
    pixels.flags.writeable = False
    return {kind_of(seen) for seen in (pixels.copy(), pixels, pixels[::-1, ::-1], wide[..., :3])}
