"""The strip of frames in a page without a kernel: the main changes by keys and by the pointer."""

import json
from base64 import b64encode
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, Route, expect

from gifapp.widgets.assets import style
from tests.browser.blank_page import arrive, blank_page, render

COUNT = 8
PAUSE_MS = 250  # as in controls/frame_reader.js


def strip(count: int = COUNT) -> dict[str, Any]:
    made = BytesIO()
    Image.new("RGB", (16 * 64, 36), "teal").save(made, "JPEG")
    jpeg = b64encode(made.getvalue()).decode()
    tile = {"columns": 16, "tile_width_px": 64, "tile_height_px": 36}
    return {"delays_cs": [10] * count, "jpeg": jpeg, **tile}


@pytest.fixture
def asked() -> list[Any]:
    """The recipes whose frames the page has read."""
    return []


@pytest.fixture
def page(browser: Browser, asked: list[Any]) -> Iterator[Page]:
    def answer(route: Route) -> None:
        recipe = json.loads(route.request.post_data or "{}")["recipe"]
        asked.append(recipe)
        headers = {"Access-Control-Allow-Origin": "*"}
        if recipe.get("fps") == 50:
            problem = {"detail": "The clip has 400 frames; the limit is 300 here."}
            route.fulfill(status=422, json=problem, headers=headers)
        else:
            route.fulfill(json=strip(), headers=headers)

    with blank_page(browser) as opened:
        opened.set_viewport_size({"width": 1000, "height": 600})
        opened.add_style_tag(content=f"body {{ margin: 0 }} {style('common', 'controls/frames')}")
        opened.route("https://gifapp.example/**", answer)
        traits: dict[str, Any] = {"page_url": "https://gifapp.example", "strip_url": "/strip?signature=1"}
        render(opened, "controls/frames", recipe="{}", is_open=True, value=[], max_frames=10, **traits)
        opened.clock.run_for(PAUSE_MS)
        expect(opened.get_by_role("option")).to_have_count(COUNT)
        yield opened


def press(page: Page, *keys: str) -> None:
    page.get_by_role("listbox", name="Frames").focus()
    for key in keys:
        page.keyboard.press(key)


def numbers(page: Page) -> list[int]:
    value = page.evaluate("model.get('value')")
    return [edit["number"] for edit in value] or [*range(COUNT)]


def delays_cs(page: Page) -> list[int | None]:
    return [edit["delay_cs"] for edit in page.evaluate("model.get('value')")]


def selected(page: Page) -> list[int]:
    options = page.get_by_role("option").all()
    return [place for place, node in enumerate(options) if node.get_attribute("aria-selected") == "true"]


def test_frames_are_deleted_repeated_and_moved_by_keys_alone(page: Page) -> None:
    press(page, "ArrowRight", "Shift+ArrowRight", "Delete")
    assert numbers(page) == [0, 3, 4, 5, 6, 7]
    press(page, "Control+d")
    assert numbers(page) == [0, 3, 3, 4, 5, 6, 7]
    press(page, "Alt+ArrowRight", "Alt+ArrowRight")
    assert numbers(page) == [0, 3, 4, 5, 3, 6, 7]
    assert selected(page) == [4]
    press(page, "End", "Alt+ArrowLeft", "Home", "Backspace")
    assert numbers(page) == [3, 4, 5, 3, 7, 6]
    expect(page.get_by_role("status")).to_have_text("6 of 8 frames, 0.60 s. Preview shows the changes.")
    expect(page.get_by_role("option").nth(4)).to_have_attribute("aria-label", "Frame 5 of 6, 100 ms")


def test_last_frame_stays_and_the_list_is_limited(page: Page) -> None:
    press(page, "Control+a", "Delete")
    expect(page.get_by_role("status")).to_have_text("A GIF needs at least one frame.")
    press(page, "Control+d")
    expect(page.get_by_role("status")).to_have_text("A GIF can have up to 10 frames.")
    assert numbers(page) == [*range(COUNT)]


def test_selected_frames_get_a_delay_or_their_own_again(page: Page) -> None:
    press(page, "ArrowRight", "Shift+ArrowRight")
    delay = page.get_by_label("Delay (ms)")
    expect(delay).to_have_value("100")
    delay.fill("250")
    delay.press("Enter")
    assert delays_cs(page)[:4] == [None, 25, 25, None]
    delay.fill("5")
    delay.press("Enter")
    expect(page.get_by_role("status")).to_have_text("A delay is 20 to 655,350 ms, in steps of 10.")
    delay.fill("")
    delay.press("Enter")
    assert page.evaluate("model.get('value')") == []


def test_every_nth_frame_is_kept_or_dropped_and_the_clip_plays_as_long(page: Page) -> None:
    page.get_by_label("Every nth frame, n =").fill("3")
    page.get_by_role("button", name="Keep").click()
    assert (numbers(page), delays_cs(page)) == ([0, 3, 6], [30, 30, 20])
    page.get_by_role("button", name="Reset").click()
    press(page, "ArrowRight", "Shift+End")
    page.get_by_role("button", name="Drop").click()
    assert (numbers(page), delays_cs(page)) == ([0, 1, 2, 4, 5, 7], [None, None, 20, None, 20, None])


def test_pointer_selects_and_drags_frames(page: Page) -> None:
    frames = page.get_by_role("option")
    frames.nth(1).click()
    frames.nth(3).click(modifiers=["Control"])
    assert selected(page) == [1, 3]
    frames.nth(5).click(modifiers=["Shift"])
    assert selected(page) == [3, 4, 5]
    page.get_by_role("button", name="Reverse selection").click()
    assert numbers(page) == [0, 1, 2, 5, 4, 3, 6, 7]
    source, target = frames.nth(4).bounding_box(), frames.nth(0).bounding_box()
    assert source
    assert target
    page.mouse.move(source["x"] + 20, source["y"] + 20)
    page.mouse.down()
    page.mouse.move(target["x"] + 10, target["y"] + 20, steps=4)
    page.mouse.up()
    assert numbers(page) == [5, 4, 3, 0, 1, 2, 6, 7]
    assert selected(page) == [0, 1, 2]


def test_taps_toggle_frames_and_scrolling_does_not(page: Page) -> None:
    frames = page.get_by_role("option")
    touch(frames.nth(1), "pointerdown", "pointercancel")  # the finger scrolls
    touch(frames.nth(3), "pointerdown", "pointerup", "click")
    touch(frames.nth(5), "pointerdown", "pointerup", "click")
    assert selected(page) == [3, 5]
    touch(frames.nth(3), "pointerdown", "pointerup", "click")
    assert selected(page) == [5]


def touch(frame: Locator, *events: str) -> None:
    """Dispatch a finger's events at the middle of a frame."""
    box = frame.bounding_box()
    assert box
    at = {"clientX": box["x"] + box["width"] / 2, "clientY": box["y"] + box["height"] / 2}
    for event in events:
        frame.dispatch_event(event, {"pointerType": "touch", "bubbles": True, **at})


def test_undo_by_the_kernel_is_shown_and_reloads_the_strip(page: Page, asked: list[Any]) -> None:
    arrive(page, value=[{"number": 2, "delay_cs": None}])
    expect(page.get_by_role("option")).to_have_count(1)
    expect(page.get_by_role("button", name="Frames")).to_have_text("FramesEdited: 1 frame")
    arrive(page, value=[], recipe='{"fps":50}')
    page.clock.run_for(PAUSE_MS)
    expect(page.get_by_role("status")).to_contain_text("400 frames; the limit is 300")
    expect(page.get_by_role("option")).to_have_count(0)
    arrive(page, recipe='{"fps":10}', strip_url="/strip?signature=2")
    page.clock.run_for(PAUSE_MS)
    expect(page.get_by_role("option")).to_have_count(COUNT)
    arrive(page, recipe="{}")  # read before
    expect(page.get_by_role("status")).to_contain_text("8 of 8 frames")
    assert asked == [{}, {"fps": 50}, {"fps": 10}]
