"""Our reader's result for a picture file, as letters."""

from pathlib import Path

import numpy as np

from gifapp.conversion.images import containers
from gifapp.conversion.images.compositor import composed
from gifapp.conversion.images.tiles import Animation
from tests.support.pictures import RGBA

LETTERS = {rgba: letter for letter, rgba in RGBA.items()}


def read(data: bytes) -> Animation:
    return containers.read(memoryview(data))


def frames(data: bytes) -> list[np.ndarray]:
    """Every picture, RGBA."""
    return [np.asarray(image.convert("RGBA")) for image in composed(read(data))]


def delays_ms(data: bytes) -> list[float]:
    return [tile.delay_ms for tile in read(data).tiles]


def seen(data: bytes) -> list[str]:
    """Every picture as rows of letters separated by blanks; `?` is a colour without a letter."""
    return [" ".join(map(_row, picture)) for picture in frames(data)]


def _row(row: np.ndarray) -> str:
    return "".join("." if pixel[3] == 0 else LETTERS.get(tuple(pixel.tolist()), "?") for pixel in row)


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path
