import pytest

from gifapp.domain.recipes.outcome import Outcome, outcome
from gifapp.domain.recipes.recipe import Caption, Crop, Look, Recipe, Segment
from tests.support.frames import edits

WHOLE = Recipe()
TWICE = (Segment(start_s=1, end_s=3), Segment(start_s=1, end_s=3))


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        (WHOLE, Outcome(480, 270, 66, 5.28)),
        (Recipe(width_px=320), Outcome(320, 180, 66, 5.28)),
        (Recipe(height_px=90), Outcome(160, 90, 66, 5.28)),
        (Recipe(width_px=4000), Outcome(1280, 720, 66, 5.28)),
        (Recipe(width_px=100, height_px=10), Outcome(18, 10, 66, 5.28)),
        (Recipe(crop=Crop(width_px=100, height_px=50)), Outcome(100, 50, 66, 5.28)),
        (Recipe(segments=(Segment(start_s=1, end_s=3),)), Outcome(480, 270, 25, 2.0)),
        (Recipe(segments=(Segment(start_s=1, end_s=3),), speed=2), Outcome(480, 270, 12, 1.0)),
        (Recipe(segments=(Segment(start_s=1, end_s=3),), direction="boomerang"), Outcome(480, 270, 50, 4.0)),
        (Recipe(segments=TWICE, crossfade_s=0.4), Outcome(480, 270, 45, 3.6)),
        (Recipe(segments=TWICE, crossfade_s=9), Outcome(480, 270, 25, 2.0)),
        (Recipe(segments=TWICE * 2, crossfade_s=9), Outcome(480, 270, 62, 5.0)),
        (Recipe(segments=TWICE, crossfade_s=0.4, speed=2), Outcome(480, 270, 20, 1.6)),
        (Recipe(segments=(Segment(end_s=2),), hold_s=1.5), Outcome(480, 270, 25, 3.5)),
        (Recipe(segments=(Segment(start_s=5.279),)), Outcome(480, 270, 1, 0.02)),
        (Recipe(frames=edits(3, (1, 50), 3)), Outcome(480, 270, 3, 0.66)),
        (Recipe(frames=edits(3, (1, 50)), direction="boomerang", hold_s=1), Outcome(480, 270, 4, 2.16)),
        (Recipe(rotate=90, width_px=90), Outcome(90, 160, 66, 5.28)),
        (Recipe(aspect="1:1"), Outcome(480, 480, 66, 5.28)),
    ],
    ids=str,
)
def test_outcome_of_a_720p_clip(recipe: Recipe, expected: Outcome) -> None:
    assert outcome(recipe, width_px=1280, height_px=720, duration_s=5.28) == expected


def test_range_without_an_end_reaches_the_end_of_the_video() -> None:
    tail = Recipe(segments=(Segment(start_s=4),))
    assert outcome(tail, width_px=100, height_px=100, duration_s=6.0).duration_s == 2.0


@pytest.mark.parametrize(
    ("recipe", "frames"),
    [
        (Recipe(), 1),
        (Recipe(direction="boomerang"), 1),
        (Recipe(captions=(Caption(text="Hi"),)), 25),
        (Recipe(look=Look(fade_in_s=1)), 25),
    ],
)
def test_single_picture_is_one_frame_unless_something_changes_on_it(recipe: Recipe, frames: int) -> None:
    made = outcome(recipe, width_px=100, height_px=100, duration_s=2.0, is_still=True)
    assert made.frames == frames
