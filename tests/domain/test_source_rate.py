import pytest

from gifapp.domain.recipes.recipe import Caption, Look, Recipe, Segment
from gifapp.domain.source_rate import match_source_rate
from gifapp.domain.timing import Pace


@pytest.mark.parametrize(
    ("recipe", "steady_fps", "fps"),
    [
        (Recipe(), None, 12.5),
        (Recipe(fps=20.0), None, 20.0),
        (Recipe(), 25.0, 12.5),
        (Recipe(), 10.0, 10.0),
        (Recipe(speed=2.0), 10.0, 12.5),
        (Recipe(speed=0.5), 10.0, 5.0),
        (Recipe(segments=(Segment(start_s=0.2, end_s=0.7),)), 10.0, 10.0),
        (Recipe(segments=(Segment(start_s=0.25),)), 10.0, 12.5),
        (Recipe(captions=(Caption(text="a"),)), 10.0, 12.5),
        (Recipe(look=Look(fade_in_s=0.5)), 10.0, 12.5),
        (Recipe(crossfade_s=0.5), 10.0, 12.5),
    ],
)
def test_slow_video_keeps_its_rate_where_whole_pictures_are_shown(
    recipe: Recipe, steady_fps: float | None, fps: float
) -> None:
    paced = match_source_rate(recipe, Pace(25.0, steady_fps))
    assert (paced.fps, paced.speed) == (fps, recipe.speed)


@pytest.mark.parametrize(
    ("recipe", "source_fps", "fps"),
    [
        (Recipe(), 8.0, 8.0),
        (Recipe(), 25.0, 25.0),
        (Recipe(), 60.0, 50.0),
        (Recipe(fps=10.0), 8.0, 8.0),
        (Recipe(fps=10.0), 25.0, 10.0),
        (Recipe(speed=2.0), 8.0, 16.0),
        (Recipe(), None, 12.5),
        (Recipe(look=Look(fade_in_s=0.5)), 8.0, 12.5),
        (Recipe(look=Look(fade_in_s=0.5), fps=20.0), 8.0, 20.0),
    ],
)
def test_animation_keeps_its_rate_unless_something_changes_between_pictures(
    recipe: Recipe, source_fps: float | None, fps: float
) -> None:
    assert match_source_rate(recipe, Pace(source_fps, None, keeps_times=True)).fps == fps


@pytest.mark.parametrize(
    ("fps", "speed", "carried_out"),
    [
        (None, 1, (12.5, 1)),
        (None, 2, (25, 2)),
        (12.5, 1, (12.5, 1)),
        (5, 1, (5, 0.4)),
        (25, 0.5, (12.5, 1)),
        (10, 2, (10, 1.6)),
    ],
)
def test_sequence_plays_at_the_recipes_rate(
    fps: float | None, speed: float, carried_out: tuple[float, float]
) -> None:
    pace = Pace(12.5, 12.5, keeps_times=True, is_sequence=True)
    paced = match_source_rate(Recipe(fps=fps, speed=speed), pace)
    assert (paced.fps, paced.speed) == pytest.approx(carried_out)
