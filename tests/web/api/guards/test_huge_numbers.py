"""Numbers at the limits of floats and integers are refused in every field."""

from typing import Any

import pytest

from gifapp.domain.views.jobs import SourceView
from tests.web.api.conftest import Person

HUGE = [1e308, 1.7e308, 10**30, 10**400]
CAPTION = {"text": "Hello"}
RECIPES = {
    "a segment's start": lambda huge: {"segments": [{"start_s": huge}]},
    "a segment's end": lambda huge: {"segments": [{"start_s": 0, "end_s": huge}]},
    "a segment played slowly": lambda huge: {
        "segments": [{"start_s": huge / 2, "end_s": huge}],
        "speed": 0.1,
    },
    "many segments": lambda huge: {"segments": [{"start_s": 0, "end_s": huge}] * 50},
    "a caption's start": lambda huge: {"captions": [CAPTION | {"start_s": huge}]},
    "a caption's end": lambda huge: {"captions": [CAPTION | {"end_s": huge}]},
    "a corner": lambda huge: {"crop": {"x_px": int(huge), "width_px": 9, "height_px": 9}},
    "a side": lambda huge: {"crop": {"width_px": int(huge), "height_px": int(huge)}},
}


@pytest.mark.parametrize("path", ["/api/v1/jobs", "/api/v1/estimates"])
@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
async def test_recipe_with_huge_numbers_is_refused(
    ada: Person, source: SourceView, path: str, recipe: Any
) -> None:
    for huge in HUGE[:3] if "slowly" in str(recipe) else HUGE:
        try:
            huge_recipe = recipe(huge)
        except OverflowError:  # the sum of two floats
            continue
        answer = await ada.http.post(path, json={"source_id": source.id, "recipe": huge_recipe})
        assert answer.status_code == 422, (huge, answer.text)


@pytest.mark.parametrize("at_s", ["1e308", "1" + "0" * 400, "-1e308"])
async def test_frame_at_a_huge_time_does_not_exist(ada: Person, source: SourceView, at_s: str) -> None:
    answer = await ada.http.get(f"/api/v1/sources/{source.id}/frame", params={"at_s": at_s})
    assert answer.status_code in (200, 422), answer.text
