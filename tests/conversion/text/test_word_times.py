"""On which frames words show: those that begin in their time, else the one in which that lies."""

from dataclasses import replace
from itertools import accumulate

import pytest

from gifapp.conversion.plan import Cut, Plan
from gifapp.conversion.play_times import shown_cs
from gifapp.domain.recipes.choices import Direction
from gifapp.domain.recipes.recipe import Caption, Recipe
from tests.support.plans import a_plan, layers, notes


def uneven(recipe: Recipe) -> Plan:
    """Four frames that begin at 0, 0.1, 0.3 and 0.4 s; all is over at 0.45 s."""
    return replace(a_plan(recipe, cuts=(Cut(0.0, 4),)), own_delays_cs=(10, 20, 10, 5), duration_s=0.45)


def frames(plan: Plan) -> list[list[int]]:
    """The frames on which each of the words shows."""
    begins_s = [begin_cs / 100 for begin_cs in accumulate(shown_cs(plan), initial=0)][:-1]
    return [
        [number for number, begin_s in enumerate(begins_s) if layer.shows_on(begin_s)]
        for layer in layers(plan)
    ]


@pytest.mark.parametrize(
    ("start_s", "end_s", "expected"),
    [
        (0.0, None, [0, 1, 2, 3]),
        (0.1, 0.3, [1]),
        (0.11, 5.0, [2, 3]),
        (0.15, 0.32, [2]),
        (0.0, 0.004, [0]),  # all that follow are shorter than a frame
        (0.02, 0.03, [0]),
        (0.12, 0.28, [1]),
        (0.1, 0.101, [1]),
        (0.098, 0.101, [0]),
        (0.41, 0.45, [3]),
        (0.41, None, [3]),  # these go on after the end
        (0.449, 9.0, [3]),
    ],
)
def test_words_show_on_the_frames_that_begin_in_their_time_or_on_one(
    start_s: float, end_s: float | None, expected: list[int]
) -> None:
    recipe = Recipe(captions=(Caption(text="x", start_s=start_s, end_s=end_s),))
    assert frames(uneven(recipe)) == [expected]
    assert notes(uneven(recipe)) == []


def test_words_that_begin_after_the_end_show_nowhere() -> None:
    plan = uneven(Recipe(captions=(Caption(text="x", start_s=0.45),)))
    assert (frames(plan), len(notes(plan))) == ([], 1)


@pytest.mark.parametrize(("direction", "expected"), [("forward", [3]), ("reverse", [0]), ("boomerang", [3])])
def test_a_cue_at_the_last_moment_shows_whichever_way_the_clip_plays(
    direction: Direction, expected: list[int]
) -> None:
    subtitles = "1\n00:00:00,448 --> 00:00:09,000\nx\n"
    assert frames(uneven(Recipe(subtitles=subtitles, direction=direction))) == [expected]


@pytest.mark.parametrize(
    ("direction", "expected"), [("forward", [[0]]), ("reverse", [[3]]), ("boomerang", [[0], [7]])]
)
def test_a_cue_at_the_first_moment_shows_whichever_way_the_clip_plays(
    direction: Direction, expected: list[list[int]]
) -> None:
    subtitles = "1\n00:00:00,000 --> 00:00:00,003\nx\n"
    assert frames(uneven(Recipe(subtitles=subtitles, direction=direction))) == expected


def test_words_that_share_a_frame_stand_above_each_other() -> None:
    """They are never to be seen on one another, though their times do not meet."""
    captions = [Caption(text="x", start_s=at_s, end_s=at_s + 0.03) for at_s in (0.12, 0.16, 0.31)]
    one, other, later = layers(uneven(Recipe(captions=tuple(captions))))
    assert (one.start_s, other.start_s, later.start_s) == (0.1, 0.1, 0.3)
    assert other.y_px < one.y_px == later.y_px


def test_a_short_word_is_not_moved_by_one_that_shows_later() -> None:
    long, short = Caption(text="x", start_s=0.11), Caption(text="x", start_s=0.15, end_s=0.2)
    one, other = layers(uneven(Recipe(captions=(long, short))))
    assert ((one.start_s, other.start_s), one.y_px) == ((0.1, 0.3), other.y_px)
