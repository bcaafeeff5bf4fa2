"""The crop on the stage, in a page without a kernel: by pointer, by keyboard, and on rotated video."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from gifapp.domain.recipes.recipe import Crop, Recipe
from gifapp.widgets.assets import style
from gifapp.widgets.dashboard.shown import shown_of
from tests.browser.blank_page import arrive, blank_page, render
from tests.browser.stage.test_stage import SOURCE
from tests.widgets.scripted import a_source

WIDTH_PX, HEIGHT_PX = 400, 200
IN_THE_CORNER = """
.gifapp-stage__ground .gifapp-stage__frame {
  position: fixed; inset: 0 auto auto 0; width: calc(200px * var(--ratio)); border-radius: 0; outline: none;
}
"""
SIZE = {"width": WIDTH_PX, "height": HEIGHT_PX}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with blank_page(browser) as opened:
        css = style("common", "stage/stage", "stage/cropper", "dashboard/editor")
        opened.add_style_tag(content=f"{css} {IN_THE_CORNER}")
        shape = {"width_px": WIDTH_PX, "height_px": HEIGHT_PX, "is_still": True}
        traits: dict[str, Any] = {"page_url": "", "selected": "1", "gifs": {}, "crop": {}, "recipe": None}
        flags = {"can_undo": False, "can_redo": False, "is_previewing": False, "shown": shown()}
        render(opened, "dashboard/editor", sources=[SOURCE | shape], **traits, **flags)
        opened.evaluate("""() => {
            window.crops = [];
            model.send = (message) => message.type === "crop" && crops.push(message.crop);
        }""")
        opened.get_by_role("button", name="Crop", exact=True).click()
        yield opened


def shown(**recipe: Any) -> dict[str, Any]:
    return shown_of(Recipe(**recipe), a_source(1).model_copy(update=SIZE))


def drag(page: Page, start: tuple[int, int], end: tuple[int, int]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=3)
    page.mouse.up()


def crop(page: Page) -> Crop | None:
    """The crop that the page sent last."""
    sent = page.evaluate("crops.at(-1)")
    return sent and Crop(**sent)


def set_crop(page: Page, x_px: int, y_px: int, width_px: int, height_px: int) -> None:
    """Set the crop as the kernel does."""
    made = Crop(x_px=x_px, y_px=y_px, width_px=width_px, height_px=height_px)
    arrive(page, crop=made.model_dump())


def box(x_px: int, y_px: int, width_px: int, height_px: int) -> Crop:
    return Crop(x_px=x_px, y_px=y_px, width_px=width_px, height_px=height_px)


@pytest.mark.parametrize(
    ("side", "start", "expected"),
    [
        ("top left", (102, 52), box(110, 60, 190, 90)),
        ("top", (200, 52), box(100, 60, 200, 90)),
        ("top right", (297, 52), box(100, 60, 210, 90)),
        ("right", (297, 100), box(100, 50, 210, 100)),
        ("bottom right", (297, 147), box(100, 50, 210, 110)),
        ("bottom", (200, 147), box(100, 50, 200, 110)),
        ("bottom left", (102, 147), box(110, 50, 190, 110)),
        ("left", (102, 100), box(110, 50, 190, 100)),
    ],
)
def test_each_handle_moves_its_side(page: Page, side: str, start: tuple[int, int], expected: Crop) -> None:
    set_crop(page, 100, 50, 200, 100)
    x, y = (300 if "right" in side else 100, 150 if "bottom" in side else 50)
    drag(page, start, (x + 10, y + 10))
    assert crop(page) == expected
    expect(page.get_by_role("button", name=f"Resize at the {side}", exact=True)).to_be_focused()


def test_crop_is_moved_within_the_picture(page: Page) -> None:
    set_crop(page, 100, 50, 200, 100)
    drag(page, (200, 80), (230, 100))
    assert crop(page) == box(130, 70, 200, 100)
    drag(page, (230, 100), (600, 500))
    assert crop(page) == box(200, 100, 200, 100)


def test_new_crop_is_drawn_beside_the_old_one(page: Page) -> None:
    set_crop(page, 100, 50, 200, 100)
    drag(page, (20, 20), (80, 180))
    assert crop(page) == box(20, 20, 60, 160)
    drag(page, (300, 20), (303, 22))  # hardly more than a click
    assert crop(page) == box(20, 20, 60, 160)


def test_keys_alone_move_resize_and_finish(page: Page) -> None:
    crop_box = page.get_by_role("group", name="Crop; arrow keys move it")
    expect(crop_box).to_be_focused()
    page.get_by_role("button", name="Resize at the right", exact=True).focus()
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert crop(page) == box(0, 0, 389, 200)
    crop_box.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    assert crop(page) == box(11, 0, 389, 200)
    expect(page.get_by_role("status")).to_contain_text("389 × 200 px")  # noqa: RUF001
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Crop", exact=True)).to_be_focused()
    expect(page.get_by_role("button", name="Resize at the right", exact=True)).to_be_hidden()
    page.get_by_role("button", name="Clear crop").press("Enter")
    assert crop(page) is None


def test_resizing_keeps_the_aspect_ratio(page: Page) -> None:
    page.get_by_label("Shape of the crop").select_option("1:1")
    assert crop(page) == box(100, 0, 200, 200)
    drag(page, (298, 198), (250, 180))
    assert crop(page) == box(100, 0, 180, 180)
    drag(page, (102, 90), (150, 90))  # the left side moves; the middle of the right side stays
    assert crop(page) == box(150, 25, 130, 130)
    page.get_by_label("Shape of the crop").select_option("Free")
    drag(page, (277, 90), (300, 90))
    assert crop(page) == box(150, 25, 150, 130)


def test_late_answer_of_the_kernel_does_not_undo_newer_changes(page: Page) -> None:
    page.get_by_role("button", name="Resize at the right", exact=True).focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    set_crop(page, 0, 0, 399, 200)
    expect(page.get_by_role("status")).to_contain_text("397 × 200 px")  # noqa: RUF001
    set_crop(page, 0, 0, 397, 200)
    set_crop(page, 0, 0, 398, 200)  # undone
    expect(page.get_by_role("status")).to_contain_text("398 × 200 px")  # noqa: RUF001


@pytest.mark.parametrize(
    ("turn", "expected"),
    [
        ({"rotate": 90}, box(60, 110, 120, 30)),
        ({"rotate": 270}, box(220, 60, 120, 30)),
        ({"rotate": 180}, box(310, 20, 50, 140)),
        ({"flip": "horizontal"}, box(310, 40, 50, 140)),
    ],
)
def test_crop_follows_the_rotated_picture(page: Page, turn: dict[str, Any], expected: Crop) -> None:
    arrive(page, shown=shown(**turn))
    frame = page.locator(".gifapp-stage__frame").bounding_box()
    assert frame
    is_tall = turn.get("rotate") in (90, 270)
    assert (frame["width"], frame["height"]) == ((100, 200) if is_tall else (400, 200))
    # half the scale, because the frame is as high as before
    start, end = ((30, 30), (45, 90)) if is_tall else ((40, 40), (90, 180))
    drag(page, start, end)
    made = crop(page)
    assert made == expected
    arrive(page, crop=made.model_dump())
    seen = page.get_by_role("group", name="Crop; arrow keys move it").bounding_box()
    assert seen
    sides = [round(seen[side]) for side in ("x", "y", "width", "height")]
    assert sides == [*start, end[0] - start[0], end[1] - start[1]]


def test_touch_crops(browser: Browser) -> None:
    """Touch arrives as pointer events; the page must keep the browser from scrolling."""
    with blank_page(browser) as page:
        css = style("common", "stage/stage", "stage/cropper", "dashboard/editor")
        page.add_style_tag(content=f"{css} {IN_THE_CORNER}")
        traits: dict[str, Any] = {"page_url": "", "selected": "1", "gifs": {}, "crop": {}, "recipe": None}
        flags = {"can_undo": False, "can_redo": False, "is_previewing": False, "shown": shown()}
        shape = {"width_px": WIDTH_PX, "height_px": HEIGHT_PX, "is_still": True}
        render(page, "dashboard/editor", sources=[SOURCE | shape], **traits, **flags)
        page.get_by_role("button", name="Crop", exact=True).click()
        assert (
            page.locator(".gifapp-stage__frame").evaluate("node => getComputedStyle(node).touchAction")
            == "none"
        )
        cdp = page.context.new_cdp_session(page)
        page.evaluate("() => { model.send = (message) => { window.cropped = message.crop; }; }")
        for kind, points in (
            ("touchStart", [{"x": 398, "y": 198}]),
            ("touchMove", [{"x": 300, "y": 150}]),
            ("touchEnd", []),
        ):
            cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        assert page.evaluate("cropped") == box(0, 0, 300, 150).model_dump()
