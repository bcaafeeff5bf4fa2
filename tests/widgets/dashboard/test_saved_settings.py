import json

from gifapp.domain.recipes.recipe import Crop, FrameEdit, Recipe, Segment
from gifapp.domain.recipes.saved import applied, for_any_video
from gifapp.domain.views.jobs import SavedRecipeView
from tests.widgets.dashboard.conftest import Page
from tests.widgets.scripted import NOON, UNREACHABLE, Browser

RANGE = (Segment(start_s=1, end_s=2),)


def settings(page: Page) -> Browser:
    return Browser(page.dashboard.saved_settings)


async def test_settings_are_saved_and_used_for_another_video(page: Page) -> None:
    browser, form = settings(page), page.dashboard.editor.form
    form.trim.fps.control.value = "9"
    browser.says(type="save", name="Slow")
    assert page.client.recipes["slow"].recipe == Recipe(fps=9)
    assert [row["name"] for row in page.dashboard.saved_settings.settings] == ["Slow"]
    page.stage.says(type="choose", id="source-1")
    browser.says(type="use", id="slow")
    assert form.recipe().fps == 9
    page.stage.says(type="undo")
    assert form.recipe().fps is None


async def test_deleting_and_replacing_can_be_undone(page: Page) -> None:
    browser, form = settings(page), page.dashboard.editor.form
    browser.says(type="save", name="Slow")
    browser.says(type="share", id="slow", is_shared=True)
    form.trim.fps.control.value = "9"
    browser.says(type="save", name="SLOW")
    browser.says(type="delete", id="slow")
    assert page.client.recipes == {}
    saved, replaced, deleted = page.notices.of_type("notice")
    assert saved["text"] == "Saved as “Slow”."
    assert replaced["text"] == "The settings “SLOW” were replaced."
    assert deleted["text"] == "The settings “SLOW” were deleted."
    page.notices.says(type="undo", id=deleted["undo"])
    assert page.client.recipes["slow"].recipe == Recipe(fps=9)
    page.notices.says(type="undo", id=replaced["undo"])
    assert page.client.recipes["slow"].recipe == Recipe()
    assert [row["name"] for row in page.dashboard.saved_settings.settings] == ["Slow"]


async def test_settings_are_exported_and_imported(page: Page) -> None:
    browser = settings(page)
    page.client.save_recipe("Slow", Recipe(fps=9))
    browser.says(type="export", id="slow")
    [exported] = browser.of_type("export")
    assert (exported["name"], json.loads(exported["text"])) == ("Slow.json", {"fps": 9})
    browser.says(type="import", name="Copy.json", text=exported["text"])
    assert page.client.recipes["copy"].recipe == Recipe(fps=9)


async def test_invalid_settings_file_is_refused(page: Page) -> None:
    browser = settings(page)
    for text in ("no JSON", "[" * 50_000, "[]", '{"sparkle": 1}'):
        browser.says(type="import", name="my.json", text=text)
    assert page.client.recipes == {}
    assert [text.count("my.json") for text in page.notice_texts] == [1, 1, 1, 1]
    assert "sparkle is not a known name" in page.notice_texts[-1]


async def test_settings_of_another_version_say_why_they_cannot_be_used(page: Page) -> None:
    page.client.recipes["old"] = SavedRecipeView(
        id="old", name="Old", recipe=None, problem="Another version saved it.", is_mine=True, saved_at=NOON
    )
    browser = settings(page)
    for way in ("use", "export"):
        browser.says(type=way, id="old")
    browser.says(type="delete", id="old")
    assert "“Old” can't be used. Another version saved it" in page.notice_texts[0]
    assert page.notice_texts[2] == "The settings “Old” were deleted."


async def test_failure_is_reported(page: Page) -> None:
    page.client.failure = UNREACHABLE
    settings(page).says(type="save", name="Slow")
    assert page.notice_texts == [str(UNREACHABLE)]


def test_settings_of_one_video_are_not_saved() -> None:
    crop = Crop(width_px=64, height_px=48)
    frames = (FrameEdit(number=250),)
    saved = for_any_video(Recipe(fps=9, segments=RANGE, crop=crop, frames=frames))
    assert saved == Recipe(fps=9)
    current = Recipe(segments=RANGE, crop=crop, width_px=64, frames=frames)
    assert applied(saved, current) == Recipe(fps=9, segments=RANGE, crop=crop, frames=frames)
    assert applied(Recipe(aspect="1:1"), current) == Recipe(aspect="1:1", segments=RANGE, frames=frames)
