"""Two similar tones that both cover large areas stay distinct, whatever other colours the picture has."""

from typing import Any

import numpy as np
import pytest

from gifapp.conversion.gif.histogram import Histogram
from gifapp.conversion.gif.tolerance import EXACT
from gifapp.domain.recipes.recipe import Content, PaletteScope
from tests.support.gifs import gif_of, seen_by_pillow

HEIGHT, WIDTH = 200, 300
TONES = [
    ((248, 249, 250), (255, 255, 255)),
    ((240, 240, 240), (246, 246, 246)),
    ((0, 0, 0), (7, 7, 7)),
    ((120, 130, 140), (123, 133, 143)),
    ((200, 30, 30), (206, 36, 30)),
    ((10, 90, 60), (10, 84, 66)),
]


def waves(number: int) -> np.ndarray:
    """A picture of some 18,000 colours."""
    down, across = np.mgrid[:HEIGHT, :WIDTH] / (HEIGHT - 1)
    moved = (6 * down + 9 * across + number, 8 * across - 3 * down + 2, 11 * down * across + 4 + number)
    picture: np.ndarray = 127 + 127 * np.sin(np.stack(moved, axis=-1))
    return picture.astype(np.uint8)


def card(number: int, page_tone: tuple[int, ...], square_tone: tuple[int, ...], side: int) -> np.ndarray:
    """Waves on a page of one tone, with squares of the other on it."""
    picture = waves(number)
    picture[: HEIGHT // 4] = picture[-HEIGHT // 4 :] = page_tone
    for left in (20, 120, 220):
        picture[10 : 10 + side, left : left + side] = square_tone
        picture[-10 - side : -10, left : left + side] = square_tone
    return picture


def seen(pictures: list[np.ndarray], **style: Any) -> np.ndarray:
    return seen_by_pillow(gif_of(pictures, **style)[0])[0][..., :3].astype(int)


def assert_apart(frame: np.ndarray, at: tuple[int, int], tone: tuple[int, ...]) -> None:
    assert np.abs(frame[at] - tone).max() <= 1


@pytest.mark.parametrize(("page_tone", "square_tone"), [*TONES, *((b, a) for a, b in TONES)])
@pytest.mark.parametrize("content", ["film", "screen"])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_two_tones_stay_distinct_beside_many_colours(
    page_tone: tuple[int, ...], square_tone: tuple[int, ...], content: Content, count: int
) -> None:
    pictures = [card(number, page_tone, square_tone, 30) for number in range(count)]
    for frame in seen(pictures, content=content):
        assert_apart(frame, (4, 4), page_tone)
        assert_apart(frame, (25, 30), square_tone)
        assert_apart(frame, (-25, 230), square_tone)


@pytest.mark.parametrize("scope", ["auto", "scene", "per_frame", "global"])
@pytest.mark.parametrize("colours", [16, 64, 256])
def test_two_tones_stay_distinct_with_every_palette(scope: PaletteScope, colours: int) -> None:
    page_tone, square_tone = TONES[0]
    for frame in seen(
        [card(number, page_tone, square_tone, 30) for number in range(4)], palette=scope, colours=colours
    ):
        assert_apart(frame, (4, 4), page_tone)
        assert_apart(frame, (25, 30), square_tone)


@pytest.mark.parametrize(("page_tone", "square_tone"), TONES)
def test_two_tones_stay_distinct_beside_transparent_pixels(
    page_tone: tuple[int, ...], square_tone: tuple[int, ...]
) -> None:
    pictures = [
        np.dstack([card(number, page_tone, square_tone, 30), np.full((HEIGHT, WIDTH), 255, np.uint8)])
        for number in range(3)
    ]
    for picture in pictures:
        picture[90:100, 90:100, 3] = 0
    for frame in seen(pictures):
        assert_apart(frame, (4, 4), page_tone)
        assert_apart(frame, (25, 30), square_tone)


def test_eight_similar_tones_stay_distinct() -> None:
    picture = waves(0)
    greys = np.arange(200, 232, 4)
    picture[:80] = np.repeat(greys, 10)[:, np.newaxis, np.newaxis]
    (frame,) = seen([picture])
    for number, grey in enumerate(greys):
        assert_apart(frame, (10 * number + 5, 150), (int(grey),) * 3)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("line", [(250, 20, 20), (20, 220, 240), (0, 0, 0)])
@pytest.mark.parametrize("across", [True, False])
def test_thin_line_keeps_its_colour(line: tuple[int, ...], count: int, *, across: bool) -> None:
    places = [41, 42 + 30, 43 + 60]
    pictures = [waves(number) // 2 + 60 for number in range(count)]
    for picture in pictures:
        for place in places:
            picture[(place, slice(None)) if across else (slice(None), place)] = line
    for frame in seen(pictures):
        for place in places:
            drawn = frame[place] if across else frame[:, place]
            assert np.median(np.abs(drawn - line).max(axis=1)) <= 4


@pytest.mark.parametrize(("ground", "line"), [(240, 246), (250, 240), (20, 28)])
@pytest.mark.parametrize("across", [True, False])
def test_thin_line_of_a_similar_tone_is_visible(ground: int, line: int, *, across: bool) -> None:
    picture = waves(0)
    picture[:, :150] = ground
    for place in (11, 50, 100):
        picture[(place, slice(0, 150)) if across else (slice(None), place)] = line
    (frame,) = seen([picture])
    for place in (11, 50, 100):
        drawn = frame[place, 2:148] if across else frame[2:, place]
        assert abs(np.median(drawn) - line) < abs(np.median(drawn) - ground)


def test_tone_added_after_many_colours_is_counted_exactly() -> None:
    histogram = Histogram()
    histogram.add(np.random.default_rng(7).integers(0, 256, (200, 300, 3), np.uint8))
    for grey in (248, 255):
        histogram.add(np.full((20, 300, 3), grey, np.uint8))
    table = histogram.choose(32, EXACT.weights).tolist()
    assert [248, 248, 248] in table
    assert [255, 255, 255] in table
