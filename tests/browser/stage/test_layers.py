"""Captions on the stage, in a page without a kernel: shown at their times, moved by keys and by drag."""

from base64 import b64encode
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, Route, expect

from gifapp.widgets.assets import style
from tests.browser.blank_page import arrive, blank_page, render
from tests.browser.stage.test_stage import SERVICE, SOURCE, respond

SHOWN: dict[str, Any] = {
    "speed": 1,
    "direction": "forward",
    "crossfade_s": 0,
    "ranges": [[1, 4]],
    "captions": [{"text": "Hello", "start_s": 0, "end_s": 1, "position": "bottom"}],
    "overlay": None,
}
RECIPE = '{"captions": [{"text": "Hello", "start_s": 0, "end_s": 1, "position": "bottom"}], "overlay": null}'
PICTURE = BytesIO()
Image.new("RGBA", (20, 10), "red").save(PICTURE, "PNG")
LAYER = {"part": "captions.0", "start_s": 0, "end_s": 1}
BOX = {"x_px": 40, "y_px": 88, "width_px": 20, "height_px": 10}
DRAWN = {
    "width_px": 100,
    "height_px": 100,
    "notes": ["One is late."],
    "layers": [LAYER | BOX | {"png": b64encode(PICTURE.getvalue()).decode()}],
}
KEPT = {"can_undo": False, "can_redo": False, "is_previewing": False, "recipe": None}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with blank_page(browser) as opened:
        opened.add_style_tag(content=str(style("common", "stage/stage", "stage/layers")))
        opened.route(f"{SERVICE}/frame*", lambda route: route.abort())
        opened.route(f"{SERVICE}/layers", draw)
        source = SOURCE | {"layers_url": "/layers", "width_px": 100, "height_px": 100}
        render(
            opened,
            "dashboard/editor",
            page_url=SERVICE,
            sources=[source],
            selected="1",
            gifs={},
            crop={},
            shown=SHOWN,
            layers_recipe=RECIPE,
            **KEPT,
        )
        opened.evaluate("document.body.classList.add('gifapp-dashboard')")
        opened.clock.run_for(200)
        seek(opened, 1)
        yield opened


def draw(route: Route) -> None:
    if route.request.method == "OPTIONS":
        respond(route)
    else:
        respond(route, json=DRAWN)


def seek(page: Page, at_s: float) -> None:
    detail = {"source": "1", "at": at_s}
    page.evaluate("detail => document.dispatchEvent(new CustomEvent('gifapp-seek', { detail }))", detail)


def caption(page: Page, position: str) -> Locator:
    return page.get_by_role("group", name=f"Caption “Hello”, {position}; arrow keys move it")


def test_caption_shows_at_its_time_in_every_direction(page: Page) -> None:
    expect(caption(page, "bottom")).to_be_visible()
    expect(page.get_by_text("One is late.")).to_be_visible()
    seek(page, 2.5)
    expect(caption(page, "bottom")).to_have_count(0)
    seek(page, 0.5)  # outside the range
    expect(caption(page, "bottom")).to_have_count(0)
    arrive(page, shown=SHOWN | {"direction": "reverse"})
    expect(caption(page, "bottom")).to_have_count(0)
    seek(page, 3.5)
    expect(caption(page, "bottom")).to_be_visible()


def test_new_times_and_places_need_no_new_picture(page: Page) -> None:
    page.route(f"{SERVICE}/layers", lambda route: route.abort())
    moved = SHOWN["captions"][0] | {"start_s": 1, "end_s": 2, "position": "top_right"}
    arrive(page, shown=SHOWN | {"captions": [moved]})
    expect(caption(page, "top right")).to_have_count(0)
    seek(page, 2.5)
    expect(caption(page, "top right")).to_be_visible()
    assert caption(page, "top right").evaluate("node => [node.style.left, node.style.top]") == ["77%", "3%"]
    arrive(page, shown=SHOWN | {"captions": []})
    expect(page.locator(".gifapp-layer:visible")).to_have_count(0)


def test_arrow_keys_move_it_through_the_nine_positions(page: Page) -> None:
    caption(page, "bottom").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    expect(caption(page, "left")).to_be_focused()
    assert page.evaluate("model.sent") == {"type": "place", "id": "captions.0", "position": "left"}
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(caption(page, "top left")).to_be_visible()
    expect(page.get_by_text("Moved to: top left.")).to_be_attached()


def test_drag_moves_a_caption_to_the_nearest_position_unless_cancelled(page: Page) -> None:
    frame, box = page.locator(".gifapp-stage__frame").bounding_box(), caption(page, "bottom").bounding_box()
    assert frame
    assert box
    for is_given_up in (True, False):
        page.mouse.move(box["x"] + 5, box["y"] + 5)
        page.mouse.down()
        page.mouse.move(frame["x"] + 0.8 * frame["width"], frame["y"] + 0.2 * frame["height"], steps=3)
        if is_given_up:
            page.keyboard.press("Escape")
        page.mouse.up()
        expect(caption(page, "bottom" if is_given_up else "top right")).to_be_visible()
    assert page.evaluate("model.sent") == {"type": "place", "id": "captions.0", "position": "top_right"}
