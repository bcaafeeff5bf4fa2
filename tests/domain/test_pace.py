import pytest

from gifapp.domain.pace import at_its_pace
from gifapp.domain.recipe import Caption, Look, Recipe, Segment


@pytest.mark.parametrize(
    ("recipe", "pace_fps", "fps"),
    [
        (Recipe(), None, 12.5),
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
def test_a_slow_source_keeps_its_times_where_whole_pictures_show(
    recipe: Recipe, pace_fps: float | None, fps: float
) -> None:
    paced = at_its_pace(recipe, pace_fps=pace_fps, is_sequence=False)
    assert (paced.fps, paced.speed) == (fps, recipe.speed)


@pytest.mark.parametrize(
    ("fps", "speed", "carried_out"),
    [(12.5, 1, (12.5, 1)), (5, 1, (5, 0.4)), (25, 0.5, (12.5, 1)), (10, 2, (10, 1.6))],
)
def test_a_sequence_plays_fps_pictures_a_second(
    fps: float, speed: float, carried_out: tuple[float, float]
) -> None:
    paced = at_its_pace(Recipe(fps=fps, speed=speed), pace_fps=12.5, is_sequence=True)
    assert (paced.fps, paced.speed) == pytest.approx(carried_out)
