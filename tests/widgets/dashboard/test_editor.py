"""The editor in the dashboard: choosing a video, its recipe, estimates, undo, drafts."""

import asyncio
import json
from base64 import b64encode

import pytest

from gifapp.domain.recipes.output_formats import FILE_KINDS, Format
from gifapp.domain.recipes.recipe import Caption, Crop, Look, Overlay, Recipe, Segment
from gifapp.widgets.dashboard.estimating import PAUSE_S
from tests.support.frames import edits
from tests.widgets.dashboard.conftest import OpenPage, Page
from tests.widgets.scripted import (
    GIVEN_UP,
    TOO_FEW_BYTES,
    TOO_SLOW_BYTES,
    Browser,
    ScriptedClient,
    a_source,
)


async def test_another_video_can_be_chosen(page: Page) -> None:
    page.stage.says(type="choose", id="source-1")
    assert page.dashboard.editor.source == a_source(1)


async def test_drawn_crop_is_in_the_recipe(page: Page) -> None:
    crop = {"x_px": 10, "y_px": 20, "width_px": 300, "height_px": 200}
    page.stage.says(type="crop", crop=crop)
    assert page.dashboard.editor.stage.crop == crop
    assert page.dashboard.editor.form.recipe().crop is not None
    page.stage.says(type="crop", crop=None)
    assert page.dashboard.editor.form.recipe().crop is None


async def test_stage_gets_ranges_and_look_at_once(page: Page) -> None:
    editor = page.dashboard.editor
    editor.form.trim.segments.ranges.value = [[1.0, 2.0], [0.5, 3.0]]
    assert editor.stage.shown["ranges"] == [(1, 2), (0.5, 3)]
    assert (editor.stage.shown["speed"], editor.stage.shown["direction"]) == (1, "forward")
    editor.choose(
        a_source(2), Recipe(rotate=90, look=Look(gamma=2.0), crop=Crop(width_px=100, height_px=200))
    )
    assert (editor.stage.shown["rotate"], editor.stage.shown["look"]["gamma"]) == (90, 2)
    assert editor.stage.shown["gif_scale"] == 1
    editor.choose(a_source(2), Recipe(width_px=50, rotate=90, crop=Crop(width_px=100, height_px=200)))
    assert editor.stage.shown["gif_scale"] == 0.25


async def test_first_seconds_of_a_long_video_are_chosen(page: Page) -> None:
    editor = page.dashboard.editor
    opening = Recipe(segments=(Segment(end_s=6.0),))
    film = a_source(3).model_copy(update={"duration_s": 7200.0})
    editor.show_sources([film, a_source(1)])
    editor.choose(film)
    assert editor.form.recipe() == opening
    assert (editor.summary.problem, editor.stage.can_undo) == ("", False)
    editor.form.segments.ranges.value = [[10.0, 12.0]]
    editor.choose(a_source(1))
    assert editor.form.recipe() == Recipe()
    editor.choose(film)
    assert editor.form.recipe() == Recipe(segments=(Segment(start_s=10.0, end_s=12.0),))
    editor.form.reset.click()
    assert editor.form.recipe() == opening


async def test_changed_frames_are_reset_when_the_clip_has_others_and_a_notice_undoes_that(page: Page) -> None:
    editor = page.dashboard.editor
    editor.form.frames.strip.value = [{"number": 4, "delay_cs": 50}, {"number": 2, "delay_cs": None}]
    changed = Recipe(frames=edits((4, 50), 2))
    assert editor.form.recipe() == changed
    editor.form.trim.width.control.value = "100"
    assert editor.form.recipe().frames == changed.frames
    editor.form.segments.ranges.value = [[1.0, 2.0]]
    assert editor.form.recipe() == Recipe(width_px=100, segments=(Segment(start_s=1.0, end_s=2.0),))
    assert page.notice_texts[-1] == "Your frame edits were reset because the clip changed."
    page.notices.says(type="undo", id=page.notices.of_type("notice")[-1]["undo"])
    assert editor.form.recipe() == changed.model_copy(update={"width_px": 100})
    page.stage.says(type="undo")
    assert not editor.form.recipe().frames


async def test_strip_knows_the_recipe_while_it_is_open(page: Page) -> None:
    editor, strip = page.dashboard.editor, page.dashboard.editor.form.frames.strip
    assert strip.recipe is None
    strip.is_open = True
    editor.form.trim.fps.control.value = "10"
    read = strip.recipe
    assert Recipe.parse(json.loads(str(read))) == Recipe(fps=10.0)
    strip.value = [{"number": 1, "delay_cs": None}]
    editor.form.trim.width.control.value = "100"
    assert strip.recipe == read


async def test_every_change_of_the_form_can_be_undone(page: Page) -> None:
    editor = page.dashboard.editor
    crop = Crop(x_px=10, y_px=20, width_px=300, height_px=200)
    editor.form.trim.fps.control.value = "10"
    page.stage.says(type="crop", crop=crop.model_dump())
    assert (editor.stage.can_undo, editor.stage.can_redo) == (True, False)
    page.stage.says(type="undo")
    assert editor.form.recipe() == Recipe(fps=10.0)
    page.stage.says(type="undo")
    assert editor.form.recipe() == Recipe()
    assert (editor.stage.can_undo, editor.stage.can_redo) == (False, True)
    page.stage.says(type="redo")
    page.stage.says(type="redo")
    assert editor.form.recipe() == Recipe(fps=10.0, crop=crop)
    page.stage.says(type="choose", id="source-1")
    assert not editor.stage.can_undo


async def test_page_has_the_recipe_while_it_previews(page: Page) -> None:
    stage, form = page.dashboard.editor.stage, page.dashboard.editor.form
    assert stage.recipe is None
    stage.is_previewing = True
    assert stage.recipe == "{}"
    form.trim.fps.control.value = "10"
    assert stage.recipe == '{"fps":10.0}'
    stage.is_previewing = False
    assert stage.recipe is None


async def test_recipe_error_is_shown_and_prevents_submission(page: Page) -> None:
    editor = page.dashboard.editor
    frame_rate = editor.form.trim.fps.control
    frame_rate.value = "80"
    assert editor.summary.problem == "Frame rate must be a number from 1 to 50 (got 80)."
    assert editor.submit.disabled
    frame_rate.value = "10"
    assert editor.summary.facts == "480 × 270 px · 53 frames · 5.3 s"  # noqa: RUF001
    assert not editor.summary.problem
    assert not editor.submit.disabled


async def test_estimated_size_is_shown_after_a_moment(page: Page) -> None:
    summary = page.dashboard.editor.summary
    assert (summary.estimate, summary.is_estimating) == ("", True)
    await asyncio.sleep(PAUSE_S * 1.5)
    assert (summary.estimate, summary.is_estimating) == ("about 1.2 MB", False)


async def test_reductions_needed_to_fit_are_shown(page: Page) -> None:
    editor = page.dashboard.editor
    editor.choose(a_source(2), Recipe(target_bytes=2_000_000))
    await asyncio.sleep(PAUSE_S * 2.5)
    assert editor.summary.notes == GIVEN_UP


@pytest.mark.parametrize("name", FILE_KINDS)
async def test_every_format_has_an_estimate_and_its_own_button_label(page: Page, name: Format) -> None:
    editor = page.dashboard.editor
    editor.choose(a_source(2), Recipe(format=name))
    await asyncio.sleep(PAUSE_S * 3)
    assert (editor.summary.estimate, editor.summary.problem) == ("about 1.2 MB", "")
    assert editor.submit.description == f"Make the {FILE_KINDS[name].name}"


async def test_recipe_that_the_service_would_refuse_is_refused_first(page: Page) -> None:
    page.dashboard.editor.choose(a_source(2), Recipe(target_bytes=TOO_FEW_BYTES))
    await asyncio.sleep(PAUSE_S * 2.5)
    assert page.dashboard.editor.summary.problem == "The recipe cannot be used: it cannot be so small."
    assert page.dashboard.editor.submit.disabled
    page.dashboard.editor.choose(a_source(2), Recipe())
    assert not page.dashboard.editor.submit.disabled


async def test_failed_estimate_does_not_prevent_submission(page: Page) -> None:
    editor = page.dashboard.editor
    editor.choose(a_source(2), Recipe(target_bytes=TOO_SLOW_BYTES))
    await asyncio.sleep(PAUSE_S * 3)
    assert (editor.summary.problem, editor.summary.estimate) == ("", "")
    assert not editor.summary.is_estimating
    assert not editor.submit.disabled


async def test_estimate_of_another_video_is_not_shown(page: Page) -> None:
    editor = page.dashboard.editor
    editor.choose(a_source(2), Recipe())
    await asyncio.sleep(PAUSE_S * 2.5)
    assert editor.summary.estimate
    editor.choose(a_source(1))
    assert (editor.summary.estimate, editor.summary.notes) == ("", "")


async def test_estimate_of_an_invalidated_recipe_is_not_shown(page: Page) -> None:
    editor = page.dashboard.editor
    editor.form.trim.fps.control.value = "10"
    assert editor.summary.is_estimating
    editor.form.trim.fps.control.value = "a lot"
    assert not editor.summary.is_estimating
    problem = editor.summary.problem
    await asyncio.sleep(PAUSE_S * 2.5)
    assert (editor.summary.problem, editor.summary.estimate) == (problem, "")


async def test_somebody_moves_a_caption_or_the_overlay_on_the_stage(page: Page) -> None:
    editor, source = page.dashboard.editor, a_source(1)
    overlay = Overlay(image=b64encode(b"\x89PNG\r\n\x1a\n").decode())
    editor.choose(source, Recipe(captions=(Caption(text="a"), Caption(text="b")), overlay=overlay))
    for id_, position in (
        ("captions.1", "top_left"),
        ("overlay", "centre"),
        ("captions.7", "top"),
        ("x", "top"),
    ):
        page.stage.says(type="place", id=id_, position=position)
    page.stage.says(type="place", id="captions.0", position="nowhere")
    recipe = editor.form.recipe()
    assert [caption.position for caption in recipe.captions] == ["bottom", "top_left"]
    assert recipe.overlay
    assert recipe.overlay.position == "centre"
    assert editor.stage.can_undo


async def test_double_click_submits_once(page: Page) -> None:
    page.dashboard.editor.submit.click()
    page.client.delete("job-90")
    page.dashboard.editor.submit.click()
    assert "job-90" not in [job.id for job in page.client.jobs()]
    page.dashboard.editor.form.trim.fps.control.value = "10"
    page.dashboard.editor.submit.click()
    assert page.client.job("job-90").recipe == Recipe(fps=10.0)


async def test_settings_of_a_video_are_kept_while_another_is_edited(page: Page) -> None:
    page.dashboard.editor.form.trim.fps.control.value = "10"
    page.stage.says(type="choose", id="source-1")
    assert page.dashboard.editor.form.recipe() == Recipe()
    page.stage.says(type="choose", id="source-2")
    assert page.dashboard.editor.form.recipe() == Recipe(fps=10.0)


async def test_draft_is_restored_after_a_reload(open_page: OpenPage) -> None:
    client = ScriptedClient(sources=[a_source(1), a_source(2)])
    before = open_page(client)
    before.stage.says(type="choose", id="source-2")
    before.dashboard.editor.form.trim.width.control.value = "123"
    drafts = before.dashboard.editor.drafts
    assert (drafts.current, drafts.files) == ({"source_id": "source-2", "recipe": {"width_px": 123}}, {})
    after = open_page(client)
    stored = {"source-2": drafts.current["recipe"], "source-1": {"no field": 1}, "gone": {}}
    Browser(after.dashboard.editor.drafts).says(type="restore", selected="source-2", recipes=stored)
    assert after.dashboard.editor.stage.selected == "source-2"
    assert after.dashboard.editor.form.recipe() == Recipe(width_px=123)


async def test_large_files_of_a_draft_are_stored_separately(open_page: OpenPage) -> None:
    editor = open_page(ScriptedClient(sources=[a_source(1)])).dashboard.editor
    subtitles = "WEBVTT\n\n00:00.000 --> 00:01.000\nHello"
    editor.choose(a_source(1), Recipe(subtitles=subtitles, fps=5.0))
    assert editor.drafts.current["recipe"] == {"fps": 5.0}
    assert editor.drafts.files == {"subtitles": subtitles}


async def test_draft_of_a_deleted_source_chooses_nothing(open_page: OpenPage) -> None:
    page = open_page(ScriptedClient(sources=[a_source(1)]))
    Browser(page.dashboard.editor.drafts).says(type="restore", selected="gone", recipes={})
    assert page.dashboard.editor.stage.selected == "source-1"
