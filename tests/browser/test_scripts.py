"""The widgets' scripts in a page without a kernel: what arrives while a person types, drags or clicks."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.blank_page import arrive, blank_page, render

# the first is saved at once, the second after a while
INPUT = """
(input, values) => values.forEach((value) => {
  input.value = value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
})
"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with blank_page(browser) as opened:
        yield opened


def saved(page: Page) -> Any:
    page.clock.run_for(1000)
    return page.evaluate("model.get('value')")


def test_a_number_that_is_being_typed_is_not_written_over(page: Page) -> None:
    render(page, "controls/number", value="", placeholder="480", step=1)
    field = page.get_by_label("Width")
    field.evaluate(INPUT, ["2", "25"])
    arrive(page, placeholder="270")
    expect(field).to_have_value("25")
    assert saved(page) == "25"
    arrive(page, value="")
    expect(field).to_have_value("")


def test_a_slider_that_is_being_dragged_does_not_jump_back(page: Page) -> None:
    render(page, "controls/slider", value=1, min=0, max=10, step=1, unit="")
    slider = page.get_by_label("Width")
    slider.evaluate(INPUT, ["3", "4"])
    arrive(page, max=8)
    expect(slider).to_have_value("4")
    assert saved(page) == 4
    arrive(page, value=2)
    expect(slider).to_have_value("2")


def test_a_colour_that_is_taken_away_does_not_come_back(page: Page) -> None:
    render(page, "controls/colour", value="#000000", may_be_none=True, first="#000000")
    page.get_by_label("Width, colour").evaluate(INPUT, ["#111111", "#222222"])
    page.get_by_role("checkbox").uncheck()
    assert saved(page) is None


def test_a_range_that_is_being_moved_survives_a_new_address_of_its_pictures(page: Page) -> None:
    render(
        page,
        "controls/ranges",
        value=[[0, 4]],
        duration_s=5,
        frame_s=0.04,
        filmstrip_url=None,
        tiles=32,
        source_id="1",
        max_ranges=9,
        problem="",
    )
    end = page.get_by_role("slider", name="End of the range")
    for _ in range(3):
        end.press("ArrowLeft")
    arrive(page, filmstrip_url=None)
    expect(end).to_have_attribute("aria-valuenow", "3.7")
    assert saved(page) == [[0, 3.7]]


def test_a_button_that_is_being_pressed_is_not_replaced(page: Page) -> None:
    render(page, "operations/panel", part="head", shown={"hours": 24})
    page.get_by_role("button", name="Pause the queue").hover()
    page.mouse.down()
    arrive(page, shown={"hours": 1})
    page.mouse.up()
    assert page.evaluate("model.sent.type") == "pause"
    page.clock.run_for(1000)
    expect(page.get_by_role("button", name="Hour")).to_have_attribute("aria-pressed", "true")


def card(number: int) -> dict[str, Any]:
    return {
        "id": f"job-{number}",
        "created_at": f"2026-01-01T00:00:{number:02}Z",
        "state": "queued",
        "attempt": 0,
        "name": f"clip {number}",
        "poster_url": None,
        "status": "Waiting",
        "run_at": None,
        "fraction": None,
        "gif": None,
        "kept": "",
        "actions": ["cancel"],
    }


def test_cards_stay_in_order_and_older_ones_are_asked_for(page: Page) -> None:
    render(page, "dashboard/gallery", page_url="", has_older=True)
    show = "cards => model.listeners[0][1]({ type: 'all', cards })"
    page.evaluate(show, [card(4), card(2)])
    expect(page.get_by_text("2+")).to_be_visible()
    page.get_by_role("button", name="Show older GIFs").click()
    assert page.evaluate("model.sent.type") == "older"
    arrive(page, has_older=False)
    page.evaluate(show, [card(number) for number in (5, 4, 3, 2, 1)])
    expect(page.get_by_role("article")).to_have_count(5)
    assert page.get_by_role("heading", level=3).all_inner_texts() == [
        f"clip {number}" for number in (5, 4, 3, 2, 1)
    ]
    expect(page.get_by_role("button", name="Show older GIFs")).to_be_hidden()
