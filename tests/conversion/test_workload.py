from dataclasses import replace

import pytest

from gifapp.conversion.plan import make_plan
from gifapp.conversion.video import Video
from gifapp.conversion.workload import cpu_s
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Look, Recipe, Segment
from tests.conversion.test_plan import ANIMATION, VIDEO

HD = replace(VIDEO, stored_width_px=1920, stored_height_px=1080)


def predicted_s(video: Video, recipe: Recipe) -> float:
    return cpu_s(video, make_plan(video, recipe, Limits()))


def test_cpu_time_of_a_usual_clip_is_a_few_seconds() -> None:
    assert 1 < predicted_s(HD, Recipe(width_px=480, segments=[Segment(end_s=6)])) < 5


@pytest.mark.parametrize(
    ("video", "more", "times"),
    [
        (VIDEO, {"target_bytes": 100_000}, 4.0),
        (VIDEO, {"direction": "boomerang"}, 2.0),
        (VIDEO, {"format": "webp"}, 5.0),
        (VIDEO, {"effort": 3}, 3.0),
        (VIDEO, {"effort": 3, "format": "webp"}, 5.0),
        (VIDEO, {"width_px": 200}, 0.25),
        (VIDEO, {"segments": [Segment(end_s=5)]}, 0.5),
    ],
)
def test_cpu_time_of_drawing_grows_with_pixels_and_encodes(
    video: Video, more: dict[str, object], times: float
) -> None:
    tiny = replace(video, stored_width_px=1, stored_height_px=1, fps=1.0)  # next to no decoding
    recipe = Recipe(width_px=400)
    longer = recipe.model_validate(recipe.model_dump() | more)
    assert predicted_s(tiny, longer) == pytest.approx(times * predicted_s(tiny, recipe), rel=0.1)


def test_cpu_time_counts_frames_before_the_range() -> None:
    late = Recipe(width_px=16, fps=1, segments=[Segment(start_s=9)])
    whole = Recipe(width_px=16, fps=1)
    assert predicted_s(replace(HD, container="avi"), late) == pytest.approx(
        predicted_s(replace(HD, container="avi"), whole), rel=0.01
    )
    assert predicted_s(HD, late) < predicted_s(HD, whole) / 2


def test_cpu_time_of_stabilising_counts_decoding_twice() -> None:
    plain, steady = Recipe(width_px=16, fps=1), Recipe(width_px=16, fps=1, look=Look(stabilise=True))
    assert predicted_s(HD, steady) == pytest.approx(2 * predicted_s(HD, plain), rel=0.01)


def test_cpu_time_of_an_animation_counts_composing() -> None:
    assert predicted_s(ANIMATION, Recipe(width_px=16)) == pytest.approx(300 * 1920 * 1080 * 40e-9, rel=0.02)
