"""Properties of palettes and their lookup, for random pictures."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gifapp.conversion.gif.canvas import Canvas
from gifapp.conversion.gif.histogram import Histogram
from gifapp.conversion.gif.lookup import Lookup
from gifapp.conversion.gif.quantizer import OPAQUE_ALPHA, Palette
from tests.conversion.test_properties import EXACT, far, films
from tests.support.depth import examples


@st.composite
def pictures(draw: st.DrawFn) -> np.ndarray:
    """A picture of few or many colours, RGB or with alpha."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    height, width, channels = (
        draw(st.integers(1, 40)),
        draw(st.integers(1, 40)),
        draw(st.sampled_from([3, 4])),
    )
    colours = rng.integers(0, 256, (draw(st.integers(1, 600)), channels), np.uint8)
    return colours[rng.integers(0, len(colours), (height, width))]


@examples(150)
@given(pictures(), st.integers(1, 256))
def test_palette_is_exact_if_possible_and_never_too_large(picture: np.ndarray, colours: int) -> None:
    table = palette_of(picture, colours)
    seen = opaque(picture)
    assert len(table) <= colours
    if 0 < len(seen) <= colours:
        assert {tuple(colour) for colour in table.tolist()} == seen


def opaque(picture: np.ndarray) -> set[tuple[int, ...]]:
    flat = picture.reshape(-1, picture.shape[2])
    is_seen = flat[:, 3] >= OPAQUE_ALPHA if flat.shape[1] == 4 else np.ones(len(flat), bool)
    return {tuple(colour) for colour in flat[is_seen, :3].tolist()}


def palette_of(picture: np.ndarray, colours: int) -> np.ndarray:
    histogram = Histogram()
    histogram.add(np.ascontiguousarray(picture))
    return histogram.choose(colours, EXACT.weights)


@examples(80)
@given(films())
def test_pixel_weighs_more_the_less_it_differs_from_its_predecessor(film: np.ndarray) -> None:
    """A palette of one colour is the weighted mean: 1 + 512 / (128 + the squared step to the pixel)."""
    picture = film[0].astype(int)
    steps = (np.diff(picture, axis=1, prepend=picture[:, :1]) ** 2).sum(axis=2)
    weights = 1 + 512 // (128 + steps)
    mean = (weights[..., np.newaxis] * picture).sum(axis=(0, 1)) / weights.sum()
    np.testing.assert_allclose(palette_of(film[0], 1)[0], mean, atol=0.51)


@examples(80)
@given(st.integers(0, 2**32 - 1), st.integers(1, 256), st.integers(1, 256))
def test_lookup_is_exact_per_cell(seed: int, colours: int, spread: int) -> None:
    """A cell of 4 x 4 x 4 colours has one result: its only palette colour, or the nearest to its centre.

    Where several palette colours share a cell, each colour in it has its own result.
    """
    rng = np.random.default_rng(seed)
    table = np.unique(rng.integers(0, spread, (colours, 3), np.uint8), axis=0)
    pixels = rng.integers(0, spread, (1, 400, 3), np.uint8)
    canvas = Canvas(400, 1, "none")
    palette = Palette(table, None)
    canvas.draw(pixels, palette, Lookup(palette), EXACT)
    shared = (pixels[0, :, np.newaxis] >> 2 == table >> 2).all(axis=2).sum(axis=1)
    middle = np.where((shared > 1)[:, np.newaxis], pixels[0], pixels[0] & ~np.uint8(3) | 2)
    best = far(middle[:, np.newaxis], table).min(axis=1)
    errors = far(canvas.shown[0], middle)
    is_alone = (shared == 1) & (canvas.shown[0] >> 2 == pixels[0] >> 2).all(axis=1)
    assert (is_alone | (errors == best)).all()
