"""On which frames text shows: those that begin within its time, or else the frame that contains it."""

from dataclasses import replace
from itertools import accumulate

import pytest

from gifapp.conversion.plan import Cut, Plan
from gifapp.conversion.play_times import shown_cs
from gifapp.domain.recipes.choices import Direction
from gifapp.domain.recipes.recipe import Caption, Recipe
from tests.support.plans import a_plan, layers, notes


def uneven(recipe: Recipe) -> Plan:
    """Four frames that begin at 0, 0.1, 0.3 and 0.4 s; the last ends at 0.45 s."""
    return replace(a_plan(recipe, cuts=(Cut(0.0, 4),)), own_delays_cs=(10, 20, 10, 5), duration_s=0.45)


def frames(plan: Plan) -> list[list[int]]:
    """The frames on which each text shows."""
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
        (0.0, 0.004, [0]),  # everything else is shorter than a frame
        (0.02, 0.03, [0]),
        (0.12, 0.28, [1]),
        (0.1, 0.101, [1]),
        (0.098, 0.101, [0]),
        (0.41, 0.45, [3]),
        (0.41, None, [3]),  # continues after the end
        (0.449, 9.0, [3]),
    ],
)
def test_text_shows_on_frames_within_its_time_or_at_least_on_one(
    start_s: float, end_s: float | None, expected: list[int]
) -> None:
    recipe = Recipe(captions=(Caption(text="x", start_s=start_s, end_s=end_s),))
    assert frames(uneven(recipe)) == [expected]
    assert notes(uneven(recipe)) == []


def test_text_that_begins_after_the_end_never_shows() -> None:
    plan = uneven(Recipe(captions=(Caption(text="x", start_s=0.45),)))
    assert (frames(plan), len(notes(plan))) == ([], 1)


@pytest.mark.parametrize(("direction", "expected"), [("forward", [3]), ("reverse", [0]), ("boomerang", [3])])
def test_cue_at_the_end_shows_in_every_direction(direction: Direction, expected: list[int]) -> None:
    subtitles = "1\n00:00:00,448 --> 00:00:09,000\nx\n"
    assert frames(uneven(Recipe(subtitles=subtitles, direction=direction))) == [expected]


@pytest.mark.parametrize(
    ("direction", "expected"), [("forward", [[0]]), ("reverse", [[3]]), ("boomerang", [[0], [7]])]
)
def test_cue_at_the_start_shows_in_every_direction(direction: Direction, expected: list[list[int]]) -> None:
    subtitles = "1\n00:00:00,000 --> 00:00:00,003\nx\n"
    assert frames(uneven(Recipe(subtitles=subtitles, direction=direction))) == expected


def test_texts_that_share_a_frame_are_stacked() -> None:
    """They must not overlap, although their times do not."""
    captions = [Caption(text="x", start_s=at_s, end_s=at_s + 0.03) for at_s in (0.12, 0.16, 0.31)]
    first, second, later = layers(uneven(Recipe(captions=tuple(captions))))
    assert (first.start_s, second.start_s, later.start_s) == (0.1, 0.1, 0.3)
    assert second.y_px < first.y_px == later.y_px


def test_short_text_is_not_moved_by_one_that_shows_later() -> None:
    long, short = Caption(text="x", start_s=0.11), Caption(text="x", start_s=0.15, end_s=0.2)
    first, second = layers(uneven(Recipe(captions=(long, short))))
    assert ((first.start_s, second.start_s), first.y_px) == ((0.1, 0.3), second.y_px)
