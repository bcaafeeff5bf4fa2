"""The timeline in a page without a kernel: ranges by pointer and keyboard, the playhead, the filmstrip."""

import base64
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from gifapp.widgets.assets import style
from tests.browser.blank_page import arrive, blank_page, render


def strip() -> str:
    """A filmstrip of eight tiles."""
    made = BytesIO()
    Image.new("RGB", (8 * 64, 36), "teal").save(made, "PNG")
    return f"data:image/png;base64,{base64.b64encode(made.getvalue()).decode()}"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with blank_page(browser) as opened:
        opened.set_viewport_size({"width": 1036, "height": 600})
        opened.add_style_tag(content=f"body {{ margin: 0 }} {style('common', 'controls/ranges')}")
        traits: dict[str, Any] = {"page_url": "", "source_id": "1", "filmstrip_url": strip(), "tiles": 8}
        render(
            opened,
            "controls/ranges",
            value=[[2, 6]],
            duration_s=10,
            frame_s=0.1,
            max_ranges=4,
            problem="",
            **traits,
        )
        opened.evaluate("""() => {
            window.sought = [];
            document.addEventListener("gifapp-seek", (event) => sought.push(event.detail.at));
        }""")
        yield opened


def ranges(page: Page) -> Any:
    page.clock.run_for(1000)
    return page.evaluate("model.get('value')")


def show_time(page: Page, at_s: float) -> None:
    """Report the playhead's time as the stage does."""
    page.evaluate(
        """at => document.body.dispatchEvent(
            new CustomEvent("gifapp-playhead", { bubbles: true, detail: { source: "1", at } }))""",
        at_s,
    )


def drag(page: Page, name: str, by_px: int) -> None:
    box = page.get_by_role("slider", name=name).bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by_px, y, steps=3)
    page.mouse.up()


def test_typed_time_is_clamped_to_the_video(page: Page) -> None:
    field = page.get_by_label("End (s)")
    field.fill("0:30")
    field.press("Enter")
    assert ranges(page) == [[2, 10]]
    expect(field).to_have_value("10")


def test_stage_follows_a_dragged_handle(page: Page) -> None:
    drag(page, "End of the range", 100)  # the track is 1,000 pixels wide
    assert ranges(page) == [[2, 7]]
    assert page.evaluate("sought.at(-1)") == pytest.approx(6.9)  # the last frame
    drag(page, "Start of the range", -50)
    assert ranges(page) == [[1.5, 7]]
    assert page.evaluate("sought.at(-1)") == 1.5


def test_range_is_moved_as_a_whole_within_the_video(page: Page) -> None:
    drag(page, "Position of the range", 100)
    assert ranges(page) == [[3, 7]]
    drag(page, "Position of the range", 900)
    assert ranges(page) == [[6, 10]]
    page.get_by_role("slider", name="Position of the range").press("ArrowLeft")
    assert ranges(page) == [[5.9, 9.9]]


def test_strip_is_scrubbed_and_the_playhead_has_keys(page: Page) -> None:
    playhead = page.get_by_role("slider", name="Playhead")
    page.mouse.click(18 + 500, 30)
    assert page.evaluate("sought.at(-1)") == pytest.approx(5, abs=0.01)
    expect(playhead).to_be_focused()
    playhead.press("ArrowRight")
    assert page.evaluate("sought.at(-1)") == pytest.approx(5.1, abs=0.01)
    playhead.press("End")
    expect(playhead).to_have_attribute("aria-valuenow", "9.9")
    assert ranges(page) == [[2, 6]]


def test_keys_set_start_and_end_at_the_playhead(page: Page) -> None:
    page.get_by_role("slider", name="Playhead").focus()
    show_time(page, 3)
    page.keyboard.press("i")
    assert ranges(page) == [[3, 6]]
    show_time(page, 4.9)
    page.keyboard.press("o")
    assert ranges(page) == [[3, 5]]  # includes the frame at the playhead
    show_time(page, 8)
    page.keyboard.press("i")
    assert ranges(page) == [[8, 10]]


def test_keys_split_a_range_and_delete_a_part(page: Page) -> None:
    show_time(page, 5)
    page.get_by_role("slider", name="Start of the range").focus()
    page.keyboard.press("s")
    assert ranges(page) == [[2, 5], [5, 6]]
    expect(page.get_by_role("group", name="Range 2 of 2")).to_be_visible()
    page.get_by_role("slider", name="End of range 1").focus()
    page.keyboard.press("Delete")
    assert ranges(page) == [[5, 6]]
    page.keyboard.press("Delete")
    assert ranges(page) == [[5, 6]]  # the last range cannot be deleted
    page.get_by_label("Start (s)").focus()
    page.keyboard.press("s")
    page.keyboard.press("Backspace")
    assert ranges(page) == [[5, 6]]


def test_filmstrip_fills_the_track_and_zooming_shows_more_tiles(page: Page) -> None:
    slots = page.locator(".gifapp-filmstrip__slot")
    expect(slots).to_have_count(11)  # of 1,000 pixels; each tile is 52 px high
    page.get_by_role("button", name="Zoom in").click()
    expect(slots).not_to_have_count(11)
    assert page.locator(".gifapp-timeline__view").evaluate("view => view.scrollWidth") > 2000
    drag(page, "Start of the range", 100)
    assert ranges(page) == [[pytest.approx(2.5, abs=0.02), 6]]
    page.get_by_role("button", name="Zoom out").click()
    expect(slots).to_have_count(11)
    expect(page.get_by_role("button", name="Zoom out")).to_be_disabled()


def test_playhead_of_a_new_video_begins_at_its_start(page: Page) -> None:
    show_time(page, 5)
    page.get_by_role("button", name="Zoom in").click()
    arrive(page, source_id="2", value=[[0, 1]], duration_s=4, filmstrip_url=None)
    expect(page.get_by_role("slider", name="Playhead")).to_have_attribute("aria-valuenow", "0")
    expect(page.locator(".gifapp-filmstrip__slot")).to_have_count(0)
    expect(page.get_by_role("button", name="Zoom out")).to_be_disabled()
