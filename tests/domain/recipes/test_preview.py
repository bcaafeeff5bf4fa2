"""The recipe of a preview: a short loop of the whole GIF."""

from collections.abc import Sequence

import pytest

from gifapp.domain.recipes.parts import Caption, Look, Segment
from gifapp.domain.recipes.preview import preview_recipe
from gifapp.domain.recipes.recipe import Recipe
from tests.support.frames import edits

RANGE = Segment(start_s=10, end_s=14)
JOINED = (RANGE, Segment(start_s=30, end_s=34))


@pytest.mark.parametrize(
    ("recipe", "at_s", "start_s", "end_s"),
    [
        (Recipe(), None, 19.25, 20.75),
        (Recipe(), 7.0, 6.25, 7.75),
        (Recipe(), 0.0, 0.0, 1.5),
        (Recipe(), 99.0, 38.5, 40.0),
        (Recipe(segments=(RANGE,)), None, 11.25, 12.75),
        (Recipe(segments=(RANGE,)), 10.0, 10.0, 11.5),
        (Recipe(segments=(RANGE,)), 3.0, 10.0, 11.5),
        (Recipe(segments=(Segment(start_s=10, end_s=11),)), None, 10.0, 11.0),
        (Recipe(segments=JOINED), 32.0, 31.25, 32.75),
        (Recipe(segments=JOINED), 29.0, 30.0, 31.5),
        (Recipe(speed=2), 7.0, 5.5, 8.5),
        (Recipe(speed=0.5), 7.0, 6.625, 7.375),
    ],
)
def test_preview_plays_around_the_requested_time(
    recipe: Recipe, at_s: float | None, start_s: float, end_s: float
) -> None:
    assert preview_recipe(recipe, at_s, duration_s=40.0).segments == (Segment(start_s=start_s, end_s=end_s),)


def test_preview_loops_and_keeps_every_other_field() -> None:
    recipe = Recipe(
        width_px=320, fps=20, direction="boomerang", colours=32, dither="bayer", lossy=30, hold_s=2, loop=1
    )  # fmt: skip
    made = preview_recipe(recipe, duration_s=40.0)
    changed = {"segments": (), "hold_s": 2.0, "loop": 1, "look": Look()}
    assert made.model_copy(update=changed) == recipe
    assert (made.loop, made.hold_s) == (0, 0)


@pytest.mark.parametrize(
    ("recipe", "at_s", "begin_s"),
    [
        (Recipe(), 20.0, 19.25),
        (Recipe(segments=(RANGE,)), 12.0, 1.25),
        (Recipe(segments=(RANGE,), speed=2), 12.0, 0.25),
        (Recipe(segments=JOINED), 30.0, 4.0),
        (Recipe(segments=JOINED, crossfade_s=1), 30.0, 3.0),
        (Recipe(segments=(RANGE,), direction="reverse"), 10.0, 2.5),
    ],
    ids=["whole", "range", "fast", "second range", "crossfade", "reverse"],
)
def test_captions_keep_their_frames(recipe: Recipe, at_s: float, begin_s: float) -> None:
    times = {
        "before": (begin_s - 0.25, begin_s),
        "begins before": (begin_s - 0.25, begin_s + 0.5),
        "within": (begin_s + 0.25, begin_s + 0.5),
        "to the end": (begin_s + 0.25, None),
        "after": (begin_s + 1.5, None),
    }
    captions = [Caption(text=name, start_s=start, end_s=end) for name, (start, end) in times.items()]
    made = preview_recipe(recipe.model_copy(update={"captions": tuple(captions)}), at_s, duration_s=40.0)
    assert {shown.text: (shown.start_s, shown.end_s) for shown in made.captions} == {
        "begins before": (0.0, 0.5),
        "within": (0.25, 0.5),
        "to the end": (0.25, None),
    }


def test_fades_show_only_at_the_ends_of_the_clip() -> None:
    recipe = Recipe(look=Look(fade_in_s=0.5, fade_out_s=0.25))
    looks = [preview_recipe(recipe, at_s, duration_s=10.0).look for at_s in (0.0, 5.0, 10.0)]
    assert [(look.fade_in_s, look.fade_out_s) for look in looks] == [(0.5, 0), (0, 0), (0, 0.25)]


@pytest.mark.parametrize(
    ("recipe", "target_bytes"),
    [
        (Recipe(target_bytes=1_000_000), 150_000),
        (Recipe(target_bytes=1_000), 1_000),
        (Recipe(preset="slack_emoji"), 19_200),
        (Recipe(), None),
    ],
)
def test_target_size_shrinks_with_the_duration(recipe: Recipe, target_bytes: int | None) -> None:
    assert preview_recipe(recipe, duration_s=10.0).target_bytes == target_bytes


DELAYS_CS = [10] * 20 + [50] * 20


@pytest.mark.parametrize(
    ("frames", "at_s", "longest_s", "numbers"),
    [
        (range(20), None, 0.5, range(15, 20)),
        (range(0, 40, 2), 1.0, 0.5, range(6, 16, 2)),
        ([30, 3, 9, 1], 0.35, 0.1, [3]),
        ([30, 3, 9, 1], 40.0, 2.0, [30, 3, 9, 1]),
        ([30, 31, 32], 40.0, 0.1, [32]),
    ],
)
def test_preview_of_listed_frames_plays_those_around_a_time(
    frames: Sequence[int], at_s: float | None, longest_s: float, numbers: Sequence[int]
) -> None:
    recipe = Recipe(frames=edits(*frames), crossfade_s=0.2)
    made = preview_recipe(recipe, at_s, duration_s=12.0, longest_s=longest_s, delays_cs=DELAYS_CS)
    assert [edit.number for edit in made.frames] == list(numbers)
    assert (made.segments, made.crossfade_s) == (recipe.segments, recipe.crossfade_s)


def test_captions_stay_with_listed_frames() -> None:
    recipe = Recipe(frames=edits((3, 100), 9, (1, 100)), captions=(Caption(text="a", start_s=1.5),))
    made = preview_recipe(recipe, 0.1, duration_s=12.0, longest_s=0.5, delays_cs=DELAYS_CS)
    assert made.frames == edits((1, 100))
    assert made.captions[0].start_s == pytest.approx(0.4)
