"""Timing of pictures: their own delays in, picture numbers and centiseconds out."""

import math
from itertools import groupby, pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gifapp.domain.picture_times import longest_piece_s, pieces, sampled, thinned_fps, timed
from gifapp.domain.recipes.recipe import Caption, Recipe

UNEVEN = [0.07, 0.2, 0.13, 0.5]
DELAYS = st.lists(st.integers(2, 300).map(lambda delay_cs: delay_cs / 100), min_size=1, max_size=40)


def played(delays_s: list[float], *ranges: tuple[float, float], speed: float = 1.0) -> str:
    """The pictures and their delays in centiseconds, as `0:7 1:20`; `|` joins segments."""
    parts = [list(pieces(delays_s, *time_range, speed=speed, max_s=math.inf)) for time_range in ranges]
    numbers, delays_cs = timed(parts)
    rest = iter(delays_cs)
    return "|".join(" ".join(f"{number}:{next(rest)}" for number in part) for part in numbers)


@pytest.mark.parametrize(
    ("ranges", "speed", "expected"),
    [
        ([(0, 0.9)], 1, "0:7 1:20 2:13 3:50"),
        ([(0, 0.9)], 2, "0:4 1:10 2:6 3:25"),
        ([(0, 0.9)], 0.5, "0:14 1:40 2:26 3:100"),
        ([(0.05, 0.45)], 1, "0:2 1:20 2:13 3:5"),
        ([(0.065, 0.3)], 1, "1:21 2:3"),
        ([(0.3, 0.5), (0, 0.1)], 1, "2:10 3:10|0:7 1:3"),
        ([(0.3, 0.301), (0, 0.1)], 1, "|0:7 1:3"),
        ([(0.3, 0.301)], 1, "2:2"),
        ([(0.0, 0.075)], 1, "0:8"),
        ([(0.0, 0.085)], 1, "0:7 1:2"),
        ([(0.0, 0.077)], 1, "0:8"),
    ],
)
def test_each_picture_keeps_its_delay(ranges: list[tuple[float, float]], speed: float, expected: str) -> None:
    assert played(UNEVEN, *ranges, speed=speed) == expected


@pytest.mark.parametrize(
    ("delays_ms", "expected"),
    [
        ([260, 13, 1127], "0:26 1:2 2:112"),
        ([100, 14, 14, 100], "0:10 1:2 2:2 3:9"),
        ([100, 12, 12, 12, 12, 100], "0:10 1:2 3:2 4:2 5:9"),
        ([100, 15], "0:10 1:2"),
        ([26, 18], "0:2 1:2"),
    ],
)
def test_too_short_picture_borrows_from_the_next(delays_ms: list[int], expected: str) -> None:
    delays_s = [delay_ms / 1000 for delay_ms in delays_ms]
    assert played(delays_s, (0, sum(delays_s))) == expected


@given(DELAYS)
def test_unchanged_pictures_keep_their_delays(delays_s: list[float]) -> None:
    numbers, delays_cs = timed([list(pieces(delays_s, 0, sum(delays_s), speed=1.0, max_s=math.inf))])
    assert numbers == [list(range(len(delays_s)))]
    assert delays_cs == [round(delay_s * 100) for delay_s in delays_s]


@example([1.0, 0.0625], 6.0, math.inf)
@given(
    st.lists(st.floats(0.011, 3), min_size=1, max_size=40),
    st.floats(0.1, 10),
    st.floats(0.05, 1) | st.just(math.inf),
)
def test_delays_add_up_and_none_is_too_short(delays_s: list[float], speed: float, max_s: float) -> None:
    whole_s = sum(delays_s)
    [numbers], delays_cs = timed([list(pieces(delays_s, 0, whole_s, speed=speed, max_s=max_s))])
    max_late_cs = 1 if max(delays_cs) == 2 else 0
    assert -0.501 <= sum(delays_cs) - max(2, whole_s / speed * 100) <= max_late_cs + 0.501
    assert min(delays_cs) >= 2
    assert len(numbers) == len(delays_cs)
    assert numbers == sorted(numbers)


@pytest.mark.parametrize(
    ("recipe", "delays_s", "fps"),
    [
        (Recipe(), UNEVEN, None),
        (Recipe(), [0.02] * 4, None),
        (Recipe(), [1 / 60] * 4, 30.0),
        (Recipe(), [1 / 120] * 4, 40.0),
        (Recipe(), [0.1, 0.1, 0.015, 0.1], None),
        (Recipe(fps=50.0), UNEVEN, None),
        (Recipe(fps=10.0), UNEVEN, 10.0),
        (Recipe(fps=10.0), [0.1] * 4, None),
        (Recipe(crossfade_s=0.5), [0.04] * 4, 25.0),
        (Recipe(crossfade_s=0.5, fps=10.0), [0.1] * 4, 10.0),
    ],
)
def test_pictures_are_dropped_only_where_they_are_too_fast(
    recipe: Recipe, delays_s: list[float], fps: float | None
) -> None:
    assert thinned_fps(recipe, delays_s, recipe.speed) == (fps and pytest.approx(fps))


@pytest.mark.parametrize(("own_fps", "fps"), [(60, 30), (50, 25), (25, 12.5), (30, 10), (100, 20), (24, 8)])
def test_divisible_rates_drop_pictures_evenly(own_fps: float, fps: float) -> None:
    numbers = sampled([1 / own_fps] * 200, 0.0, 20, 1 / fps)
    steps = {later - earlier for earlier, later in pairwise(numbers)}
    assert steps == {round(own_fps / fps)}


@given(st.floats(1, 60), st.floats(1, 50))
def test_steps_between_pictures_differ_by_at_most_one(own_fps: float, fps: float) -> None:
    numbers = sampled([1 / own_fps] * 300, 0.0, min(60, int(300 / own_fps * fps)), 1 / fps)
    steps = {later - earlier for earlier, later in pairwise(numbers)}
    assert max(steps, default=0) - min(steps, default=0) <= 1


def test_last_picture_is_held_where_a_segment_ends_after_it() -> None:
    assert sampled([0.1, 0.1], -0.05, 5, 0.1) == [0, 0, 1, 1, 1]


def test_picture_is_split_only_where_something_changes_on_it() -> None:
    assert longest_piece_s(Recipe()) == math.inf
    worded = Recipe(captions=(Caption(text="a", end_s=0.5),))
    cut = list(pieces([1.0, 0.05], 0, 1.05, speed=1.0, max_s=longest_piece_s(worded)))
    assert [(number, len(list(same))) for number, same in groupby(piece.number for piece in cut)] == [
        (0, 13),
        (1, 1),
    ]
