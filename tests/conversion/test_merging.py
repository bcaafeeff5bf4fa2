from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gifapp.conversion.frame import Frame
from gifapp.conversion.merging import look_the_same, merged
from gifapp.domain.recipes.recipe import PaletteScope
from tests.support.depth import examples
from tests.support.gifs import gif_of, seen_by_pillow

SCOPES: tuple[PaletteScope, ...] = ("auto", "scene", "per_frame", "global")


def photographs(count: int, channels: int = 3) -> list[np.ndarray]:
    """Pictures with more colours than a palette has."""
    rng = np.random.default_rng(5)
    down, across = np.mgrid[:48, :64]
    made = [
        np.dstack([across * 4, down * 5, across + down]) + rng.integers(0, 40, (48, 64, 3)) + 20 * number
        for number in range(count)
    ]
    opaque = np.full((48, 64, channels - 3), 255)
    return [np.concatenate([np.clip(picture, 0, 255), opaque], axis=2).astype(np.uint8) for picture in made]


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("times", [[10], [6, 7, 5], [1, 9, 1], [4, 4, 4, 4], [3, 70, 2]])
def test_held_picture_is_one_unchanged_frame(times: list[int], channels: int, scope: PaletteScope) -> None:
    pictures = photographs(len(times), channels)
    clip = [picture for picture, count in zip(pictures, times, strict=True) for _ in range(count)]
    gif, encoded = gif_of(clip, 10, palette=scope)
    assert seen_by_pillow(gif)[1] == [10 * count for count in times]
    assert encoded.frames == len(times)


def test_held_picture_takes_no_more_bytes_than_a_short_one() -> None:
    pictures = photographs(5)
    short, _ = gif_of(pictures, 50)
    held, _ = gif_of([picture for picture in pictures for _ in range(5)], 10)
    assert len(held) == len(short)


def test_picture_that_returns_is_a_new_frame() -> None:
    first, second = photographs(2)
    assert seen_by_pillow(gif_of([first, first, second, second, first, first], [7, 6, 5, 4, 3, 2])[0])[1] == [
        13,
        9,
        5,
    ]


def test_colours_of_transparent_pixels_do_not_count() -> None:
    picture = photographs(1, channels=4)[0]
    picture[10:20, 10:20, 3] = 0
    other = picture.copy()
    other[10:20, 10:20, :3] = 77
    gif, encoded = gif_of([picture, other, picture], 10)
    assert (encoded.frames, seen_by_pillow(gif)[1]) == (1, [30])


@pytest.mark.parametrize(
    ("first", "second", "opaque_alpha", "is_same"),
    [
        ((1, 2, 3), (1, 2, 3), 1, True),
        ((1, 2, 3), (1, 2, 4), 1, False),
        ((1, 2, 3, 0), (9, 9, 9, 0), 1, True),
        ((1, 2, 3, 1), (9, 9, 9, 1), 1, False),
        ((1, 2, 3, 0), (1, 2, 3, 1), 1, False),
        ((1, 2, 3, 127), (9, 9, 9, 0), 128, True),
        ((1, 2, 3, 127), (1, 2, 3, 128), 128, False),
    ],
)
def test_pictures_that_look_the_same(
    first: tuple[int, ...], second: tuple[int, ...], opaque_alpha: int, *, is_same: bool
) -> None:
    pixels, others = (np.full((20, 20, len(colour)), 255, np.uint8) for colour in (first, second))
    pixels[19, 19], others[19, 19] = first, second
    assert look_the_same(pixels, others, opaque_alpha) == is_same


def test_progress_counts_merged_frames() -> None:
    heard: list[int] = []
    first, second = photographs(2)
    gif_of([first] * 30 + [second] * 3, on_frame=heard.append)
    assert heard == list(range(1, 34))


def test_conversion_can_be_cancelled_while_a_picture_is_held() -> None:
    beats: list[int] = []
    frames = [Frame(photographs(1)[0], 5)] * 40
    (held,) = merged(frames, checkpoint=lambda: beats.append(1))
    assert (held.frame.delay_cs, held.frames, len(beats)) == (200, 40, 39)


@examples(40)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(2, 50_000)), min_size=1, max_size=25))
def test_neighbours_are_never_equal_and_delays_add_up(shown: Sequence[tuple[int, int]]) -> None:
    pictures = photographs(3)
    frames = [Frame(pictures[number], delay_cs) for number, delay_cs in shown]
    left = list(merged(frames, checkpoint=lambda: None))
    assert sum(held.frame.delay_cs for held in left) == sum(delay_cs for _, delay_cs in shown)
    assert sum(held.frames for held in left) == len(shown)
    for before, after in pairwise(left):
        assert (before.frame.pixels != after.frame.pixels).any()
