import numpy as np
import pytest

from gifapp.conversion.gif.histogram import Histogram
from gifapp.conversion.gif.quantizer import Palette
from gifapp.conversion.gif.tolerance import EXACT


def chosen(pixels: np.ndarray, colours: int) -> set[tuple[int, ...]]:
    histogram = Histogram()
    histogram.add(np.ascontiguousarray(pixels, np.uint8))
    palette = histogram.choose(colours, EXACT.weights)
    assert len(palette) <= colours
    return {tuple(colour) for colour in palette.tolist()}


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, shape, np.uint8)


def test_few_colours_are_kept_exactly() -> None:
    pixels = noise(10, 20, 3)
    assert chosen(pixels, 256) == {tuple(colour) for colour in pixels.reshape(-1, 3).tolist()}


def test_neighbouring_greys_stay_apart() -> None:
    greys = np.repeat(np.arange(256, dtype=np.uint8), 3).reshape(16, 16, 3)
    assert len(chosen(greys, 256)) == 256


@pytest.mark.parametrize("colours", [1, 2, 3, 16, 255, 256])
def test_palette_keeps_to_the_number_of_colours(colours: int) -> None:
    assert len(chosen(noise(200, 300, 3), colours)) == colours


def test_rare_but_distant_colour_gets_an_entry() -> None:
    pixels = noise(100, 100, 3) // 8
    pixels[0, :20] = (255, 0, 0)
    reddest = max(chosen(pixels, 16), key=lambda colour: colour[0] - colour[1])
    assert reddest == (255, 0, 0)


def test_transparent_pixels_do_not_count() -> None:
    pixels = np.zeros((2, 2, 4), np.uint8)
    pixels[0, 0] = (9, 8, 7, 255)
    pixels[1, 1] = (200, 200, 200, 127)
    assert chosen(pixels, 8) == {(9, 8, 7)}


def test_fully_transparent_frame_has_a_palette() -> None:
    assert chosen(np.zeros((2, 2, 4), np.uint8), 8) == {(0, 0, 0)}


def test_more_colours_are_closer_to_the_picture() -> None:
    pixels = noise(120, 160, 3)
    flat = pixels.reshape(-1, 1, 3).astype(int)

    def error(colours: int) -> float:
        palette = np.array(sorted(chosen(pixels, colours)))
        return float(((flat - palette) ** 2).sum(axis=2).min(axis=1).mean())

    errors = [error(colours) for colours in (2, 8, 32, 128)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < errors[0] / 10


def test_cleared_histogram_is_empty() -> None:
    histogram = Histogram()
    histogram.add(noise(200, 200, 3))
    histogram.clear()
    histogram.add(np.full((1, 1, 3), 77, np.uint8))
    assert histogram.choose(256, EXACT.weights).tolist() == [[77, 77, 77]]


def test_smooth_areas_get_more_colours_than_noise() -> None:
    ramp = np.linspace(60, 190, 3 * 128 * 40).reshape(-1, 3).astype(np.uint8)
    busy = noise(128 * 80, 3)
    shuffled = np.random.default_rng(5).permutation(ramp)

    def colours_of_the_ramp(smooth: np.ndarray) -> int:
        palette = np.array(sorted(chosen(np.concatenate([smooth, busy]).reshape(120, 128, 3), 64)), int)
        nearest = ((ramp[:, None].astype(int) - palette) ** 2).sum(axis=2).argmin(axis=1)
        return len(set(nearest.tolist()))

    assert colours_of_the_ramp(ramp) > 1.2 * colours_of_the_ramp(shuffled)


@pytest.mark.parametrize("transparent", [None, 4])
def test_palette_of_a_small_frame_holds_only_its_colours(transparent: int | None) -> None:
    palette = Palette(noise(4, 3), transparent)
    own, numbers = palette.without_unused(np.isin(np.arange(256), [1, 3, transparent or 3]))
    assert own.colours.tolist() == palette.colours[[1, 3]].tolist()
    assert own.transparent == (2 if transparent else None)
    assert numbers[[1, 3, transparent or 3]].tolist() == [0, 1, 2 if transparent else 1]
