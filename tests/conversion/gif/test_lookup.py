"""The nearest palette colour, compared with an exhaustive search."""

import numpy as np
import pytest

from gifapp.conversion.gif.canvas import Canvas
from gifapp.conversion.gif.lookup import Lookup
from gifapp.conversion.gif.quantizer import Palette
from gifapp.conversion.gif.tolerance import EXACT, Tolerance

APPROXIMATE = EXACT._replace(finds_nearest=False, channels=(2, 5, 2))


def indices(pixels: np.ndarray, table: np.ndarray, rules: Tolerance) -> np.ndarray:
    palette = Palette(table, None)
    return (
        Canvas(pixels.shape[1], pixels.shape[0], "none").draw(pixels, palette, Lookup(palette), rules).indices
    )


def distances(pixels: np.ndarray, table: np.ndarray, rules: Tolerance) -> np.ndarray:
    return np.asarray((pixels[:, :, np.newaxis].astype(int) - table) ** 2 @ rules.weights)


@pytest.mark.parametrize("channels", [(3, 4, 2), (2, 5, 2)])
@pytest.mark.parametrize("shades", [256, 40])
@pytest.mark.parametrize("colours", [1, 2, 5, 40, 255, 256])
def test_exact_lookup_finds_the_nearest_and_first_of_equals(
    colours: int, shades: int, channels: tuple[int, int, int]
) -> None:
    rng = np.random.default_rng(colours)
    table = rng.integers(0, shades, (colours, 3)).astype(np.uint8)
    pixels = rng.integers(0, shades, (60, 200, 3)).astype(np.uint8)
    rules = EXACT._replace(channels=channels)
    assert (indices(pixels, table, rules) == distances(pixels, table, rules).argmin(axis=2)).all()


@pytest.mark.parametrize("colours", [1, 40, 256])
def test_approximate_lookup_is_close_and_exact_for_palette_colours(colours: int) -> None:
    rng = np.random.default_rng(colours)
    table = np.unique(rng.integers(0, 256, (colours, 3)).astype(np.uint8), axis=0)
    pixels = rng.integers(0, 256, (60, 200, 3)).astype(np.uint8)
    pixels[0, : len(table)] = table[:200]
    apart = distances(pixels, table, APPROXIMATE)
    chosen = indices(pixels, table, APPROXIMATE)
    excess = np.sqrt(np.take_along_axis(apart, chosen[..., np.newaxis].astype(int), axis=2))[..., 0]
    excess -= np.sqrt(apart.min(axis=2))
    assert excess.max() <= 2 * np.sqrt(9 * 3**2)
    assert (table[chosen[0, : len(table)]] == table[:200]).all()
