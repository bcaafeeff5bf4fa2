"""Estimates and presets over HTTP."""

import pytest

from gifapp.domain.recipes.output_formats import FILE_KINDS, Format
from gifapp.domain.recipes.presets import PRESETS
from gifapp.domain.views.jobs import SourceView
from tests.web.api.conftest import Person, is_problem


async def test_estimate_has_the_size_of_the_gif(ada: Person, source: SourceView) -> None:
    body = {"source_id": source.id, "recipe": {"width_px": 32}}
    answer = await ada.http.post("/api/v1/estimates", json=body, timeout=120)
    assert answer.status_code == 200
    estimate = answer.json()
    assert estimate.keys() == {"bytes", "frames", "width_px", "height_px", "notes"}
    assert estimate["width_px"] == 32
    assert estimate["bytes"] > 0
    assert estimate["notes"] == []


@pytest.mark.parametrize("name", FILE_KINDS)
async def test_every_format_can_be_estimated(ada: Person, source: SourceView, name: Format) -> None:
    body = {"source_id": source.id, "recipe": {"format": name, "width_px": 32}}
    answer = await ada.http.post("/api/v1/estimates", json=body, timeout=120)
    assert (answer.status_code, answer.json()["width_px"]) == (200, 32)
    assert answer.json()["bytes"] > 0


async def test_impossible_recipe_is_refused_as_for_a_job(ada: Person, source: SourceView) -> None:
    late = {"source_id": source.id, "recipe": {"segments": [{"start_s": 100}]}}
    is_problem(await ada.http.post("/api/v1/estimates", json=late), 422, "range-outside-source")
    gone = {"source_id": "0" * 24}
    is_problem(await ada.http.post("/api/v1/estimates", json=gone), 404, "not-found")


async def test_estimate_lists_reductions_needed_to_fit(ada: Person, source: SourceView) -> None:
    small = {"source_id": source.id, "recipe": {"target_bytes": 1000}}
    body = (await ada.http.post("/api/v1/estimates", json=small, timeout=120)).json()
    assert body["bytes"] <= 1000
    assert body["notes"][0].startswith("To fit 1 kB: ")


async def test_presets_have_their_limits(ada: Person) -> None:
    presets = (await ada.http.get("/api/v1/presets")).json()["presets"]
    assert [preset["name"] for preset in presets] == list(PRESETS)
    slack = next(preset for preset in presets if preset["name"] == "slack_emoji")
    assert (slack["most_bytes"], slack["width_px"], slack["is_exact"]) == (128_000, 128, True)
