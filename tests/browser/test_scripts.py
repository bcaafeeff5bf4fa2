"""The widgets' scripts in a page without a kernel: updates arrive while a user types, drags or clicks."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from gifapp.widgets.assets import style
from tests.browser.blank_page import arrive, blank_page, render

CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}

# the first value is saved at once, the second after a delay
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


def test_update_does_not_overwrite_a_number_being_typed(page: Page) -> None:
    render(page, "controls/number", value="", placeholder="480", step=1)
    field = page.get_by_label("Width")
    field.evaluate(INPUT, ["2", "25"])
    arrive(page, placeholder="270")
    expect(field).to_have_value("25")
    assert saved(page) == "25"
    arrive(page, value="")
    expect(field).to_have_value("")


def test_update_does_not_move_a_slider_being_dragged(page: Page) -> None:
    render(page, "controls/slider", value=1, min=0, max=10, step=1, unit="")
    slider = page.get_by_label("Width")
    slider.evaluate(INPUT, ["3", "4"])
    arrive(page, max=8)
    expect(slider).to_have_value("4")
    assert saved(page) == 4
    arrive(page, value=2)
    expect(slider).to_have_value("2")


def test_removed_colour_does_not_come_back(page: Page) -> None:
    render(page, "controls/colour", value="#000000", may_be_none=True, first="#000000")
    page.get_by_label("Width, colour").evaluate(INPUT, ["#111111", "#222222"])
    page.get_by_role("checkbox").uncheck()
    assert saved(page) is None


def test_range_being_moved_survives_a_new_filmstrip_url(page: Page) -> None:
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


def test_update_does_not_replace_a_button_being_pressed(page: Page) -> None:
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
        "rank": -number,
        "state": "queued",
        "attempt": 0,
        "name": f"clip {number}",
        "poster_url": None,
        "status": "Waiting",
        "run_at": None,
        "fraction": None,
        "gif": None,
        "kept": "",
        "finished_at": None,
        "actions": ["cancel"],
    }


def render_gallery(page: Page, **traits: Any) -> None:
    render(page, "dashboard/gallery", **{"page_url": "", "has_more": False, "sources": []} | traits)


def send_cards(page: Page, kind: str, *cards: dict[str, Any]) -> None:
    page.evaluate("message => model.listeners[0][1](message)", {"type": kind, "cards": cards})


def show(page: Page, kind: str, *numbers: int) -> None:
    """Send cards as the kernel does."""
    send_cards(page, kind, *map(card, numbers))


def test_cards_stay_in_order_and_more_are_loaded(page: Page) -> None:
    render_gallery(page, has_more=True, total=2000)
    show(page, "all", 4, 2)
    expect(page.get_by_text("2 of 2,000 GIFs")).to_be_visible()
    page.get_by_role("button", name="Show more GIFs").click()
    assert page.evaluate("model.sent.type") == "more"
    arrive(page, has_more=False, total=5)
    show(page, "more", 3, 1)
    show(page, "patch", 5)
    expect(page.get_by_text("5 GIFs", exact=True)).to_be_visible()
    expect(page.get_by_role("article")).to_have_count(5)
    assert page.get_by_role("heading", level=3).all_inner_texts() == [
        f"clip {number}" for number in (5, 4, 3, 2, 1)
    ]
    expect(page.get_by_role("button", name="Show more GIFs")).to_be_hidden()


def test_card_moves_when_its_rank_changes_and_keeps_the_focus(page: Page) -> None:
    render_gallery(page, total=2)
    show(page, "all", 2, 1)
    page.get_by_role("button", name="Cancel").last.focus()
    send_cards(page, "patch", card(1) | {"rank": -3})
    assert page.get_by_role("heading", level=3).all_inner_texts() == ["clip 1", "clip 2"]
    expect(page.get_by_role("button", name="Cancel").first).to_be_focused()


def test_slash_focuses_the_search_and_typing_sends_one_query(page: Page) -> None:
    render_gallery(page, total=1, sources=[{"id": "s", "name": "a.mp4"}])
    show(page, "all", 1)
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 60)  # however long the typing takes
    page.keyboard.press("/")
    search = page.get_by_role("searchbox", name="Search your GIFs")
    expect(search).to_be_focused()
    page.keyboard.type("a/b")
    expect(search).to_have_value("a/b")
    assert page.evaluate("model.sent.type") == "ready"
    page.clock.run_for(400)
    everything = {"search": "a/b", "state": None, "format": None, "source_id": None, "sort": "newest"}
    assert page.evaluate("model.sent") == {"type": "query", "query": everything}
    show(page, "all")
    expect(page.get_by_text("No GIFs match your search and filters.")).to_be_visible()
    page.get_by_role("button", name="Show all").click()
    assert page.evaluate("model.sent.query.search") == ""
    expect(search).to_be_focused()


def test_filters_are_sent_and_counted(page: Page) -> None:
    formats = {"gif": "GIF", "avif": "AVIF"}
    render_gallery(page, total=1, formats=formats, sources=[{"id": "s", "name": "a.mp4"}])
    show(page, "all", 1)
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("Status").select_option("Done")
    page.get_by_label("Format").select_option("AVIF")
    page.get_by_label("Video").select_option("a.mp4")
    page.get_by_label("Order").select_option("Largest first")
    query = {"search": "", "state": "succeeded", "format": "avif", "source_id": "s", "sort": "largest"}
    assert page.evaluate("model.sent.query") == query
    expect(page.get_by_role("button", name="Filters (3)")).to_be_visible()
    arrive(page, sources=[])  # the video was deleted
    assert page.evaluate("model.sent.query.source_id") is None


def begin_upload(page: Page) -> None:
    render(
        page,
        "dashboard/upload",
        page_url="https://here.example",
        compact=True,
        hint="",
        limit_bytes=9,
        fetches_links=True,
    )
    page.get_by_label("Link to a video file").fill("https://there.example/a/clip.mp4")
    page.get_by_role("button", name="Fetch").click()
    page.wait_for_function("model.sent && model.sent.type === 'token'")
    page.evaluate("model.listeners[0][1]({ type: 'token', upload: 1, token: 'a token' })")


def test_link_is_fetched_by_the_service(page: Page) -> None:
    asked = []

    def answer(route: Route) -> None:
        asked.append((route.request.post_data_json, route.request.headers.get("authorization")))
        lines = ['{"received_bytes": 4, "total_bytes": 8}', '{"source": {"id": "source-7"}}', ""]
        route.fulfill(content_type="application/x-ndjson", body="\n".join(lines), headers=CORS)

    page.route("https://here.example/api/v1/links", answer)
    begin_upload(page)
    page.wait_for_function("model.sent.type === 'uploaded'")
    assert page.evaluate("model.sent.source_id") == "source-7"
    assert asked[-1] == ({"url": "https://there.example/a/clip.mp4"}, "Bearer a token")
    expect(page.get_by_role("listitem")).to_have_count(0)


def test_link_that_fails_says_why(page: Page) -> None:
    problem = {"detail": "there.example was not found.", "status": 422}
    page.route(
        "https://here.example/api/v1/links",
        lambda route: route.fulfill(status=422, json=problem, headers=CORS),
    )
    begin_upload(page)
    expect(page.get_by_role("listitem")).to_contain_text("there.example was not found.")
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    page.get_by_role("button", name="Dismiss clip.mp4").click()
    page.get_by_label("Link to a video file").fill("clip.mp4")
    page.get_by_role("button", name="Fetch").click()
    expect(page.get_by_role("listitem")).to_have_count(0)


@pytest.fixture
def finished(page: Page) -> Page:
    """A gallery with two finished GIFs."""
    render_gallery(page, page_url="http://here", total=2)
    page.add_style_tag(content=str(style("common", "dashboard/gallery")))
    gif = {"url": "/gif", "still_url": "/still", "format": "GIF", "file_name": "clip.gif", "is_video": False}
    gif |= {"facts": ["64 px"], "notes": "", "width_px": 64, "height_px": 48}
    made = {"state": "succeeded", "gif": gif, "actions": ["download", "share", "reuse", "delete"]}
    send_cards(page, "all", card(2) | made, card(1) | made)
    expect(page.get_by_role("button", name="Play clip")).to_have_count(2)
    page.evaluate("() => new Promise((seen) => requestAnimationFrame(() => requestAnimationFrame(seen)))")
    return page


def playing(page: Page) -> list[bool]:
    """Whether each card plays its GIF; the others show a still."""
    addresses = page.locator(".gifapp-card__picture").evaluate_all(
        "pictures => pictures.map(({ src }) => src)"
    )
    return [address.endswith("/gif") for address in addresses]


def test_gif_plays_while_hovered_or_focused(finished: Page) -> None:
    assert playing(finished) == [False, False]
    finished.locator(".gifapp-card__frame").first.hover()
    assert playing(finished) == [True, False]
    finished.get_by_role("button", name="Pause clip 2").click()
    assert playing(finished) == [False, False]
    finished.mouse.move(0, 0)
    finished.get_by_role("button", name="Play all").focus()
    finished.keyboard.press("Tab")
    for _ in range(40):
        if any(playing(finished)):
            break
        finished.keyboard.press("Tab")
    assert playing(finished) == [False, True]


def test_gif_is_renamed_by_keyboard(finished: Page) -> None:
    first = finished.get_by_role("article").first
    first.press("F2")
    field = first.get_by_role("textbox", name="Rename")
    expect(field).to_have_value("clip 2")
    field.press_sequentially("Jump")
    field.press("Enter")
    expect(first.get_by_role("button", name="Rename")).to_be_focused()
    assert finished.evaluate("model.sent") == {"type": "rename", "id": "job-2", "name": "Jump"}
    expect(first.get_by_role("heading")).to_have_text("Jump")
    finished.evaluate("message => model.listeners[0][1](message)", {"type": "settled", "id": "job-2"})
    expect(first.get_by_role("heading")).to_have_text("clip 2")  # the service refused


def test_escape_keeps_a_name(finished: Page) -> None:
    first = finished.get_by_role("article").first
    first.get_by_role("button", name="Rename").click()
    finished.keyboard.type("Jump")
    finished.keyboard.press("Escape")
    expect(first.get_by_role("heading")).to_have_text("clip 2")
    assert finished.evaluate("model.sent.type") != "rename"


def test_one_button_plays_and_pauses_all_gifs(finished: Page) -> None:
    finished.emulate_media(reduced_motion="reduce")
    finished.locator(".gifapp-card__frame").first.hover()
    assert playing(finished) == [False, False]
    finished.get_by_role("button", name="Play all").click()
    assert playing(finished) == [True, True]
    finished.get_by_role("button", name="Pause clip 2").click()
    assert playing(finished) == [False, True]
    finished.get_by_role("button", name="Pause all").click()
    assert playing(finished) == [False, False]


def test_gif_is_shown_at_its_own_size(finished: Page) -> None:
    boxes = finished.locator(".gifapp-card__picture").evaluate_all(
        "pictures => pictures.map(({ clientWidth }) => clientWidth)"
    )
    assert boxes == [64, 64]


def test_batch_action_applies_to_the_selected_cards(page: Page) -> None:
    render_gallery(page, page_url="http://here", total=4)
    show(page, "all", 4, 3, 2, 1)
    page.get_by_role("checkbox", name="Select clip 4").press("Space")
    expect(page.get_by_text("1 selected")).to_be_visible()
    page.get_by_role("checkbox", name="Select clip 2").click(modifiers=["Shift"])
    expect(page.get_by_text("3 selected")).to_be_visible()
    page.get_by_role("checkbox", name="Select clip 3").click()
    page.get_by_role("button", name="Cancel jobs").click()
    sent = {"type": "batch", "action": "cancel", "ids": ["job-4", "job-2"]}
    assert page.evaluate("model.sent") == sent
    expect(page.get_by_role("toolbar", name="Selected GIFs")).to_be_hidden()
    page.get_by_role("button", name="Select", exact=True).click()
    page.get_by_role("button", name="Select all shown").click()
    page.evaluate("model.listeners[0][1]({ type: 'remove', id: 'job-1' })")
    page.get_by_role("toolbar").get_by_role("button", name="Delete").click()
    assert page.evaluate("model.sent.ids") == ["job-4", "job-3", "job-2"]


def test_card_shows_when_its_gif_was_made(page: Page) -> None:
    page.clock.set_fixed_time("2026-06-01T12:00:00Z")
    render_gallery(page, page_url="http://here", total=1)
    send_cards(page, "all", card(1) | {"finished_at": "2026-05-31T12:34:56Z"})
    expect(page.locator("time")).to_contain_text("31 May")
    send_cards(page, "all", card(1) | {"finished_at": "2025-05-31T12:34:56Z"})
    expect(page.locator("time")).to_contain_text("31 May 2025")
    send_cards(page, "all", card(1))
    expect(page.locator("time")).to_be_hidden()


def test_notice_stays_while_hovered_and_disappears_afterwards(page: Page) -> None:
    page.add_style_tag(content=str(style("common", "controls/notices")))
    render(page, "controls/notices", is_live=True)
    send = "() => model.listeners[1][1]({ type: 'notice', text: 'It was deleted.', look: 'info', undo: '1' })"
    page.evaluate(send)
    notice = page.get_by_text("It was deleted.")
    notice.hover()
    page.clock.run_for(20_000)
    expect(notice).to_be_visible()
    page.mouse.move(10, 10)
    page.clock.run_for(9_000)
    expect(notice).to_be_visible()
    page.clock.run_for(2_000)
    expect(notice).to_have_count(0)


def test_settings_are_saved_once_the_kernel_has_every_change(page: Page) -> None:
    render(page, "dashboard/saved_settings", settings=[], may_share=False, limit=1000)
    page.get_by_role("button", name="Saved settings").click()
    page.get_by_label("Name of these settings").fill("small")
    page.get_by_role("button", name="Save these settings").click()
    assert page.evaluate("model.sent") == {"type": "list"}
    page.evaluate("model.listeners.find(([names]) => names.includes('msg:custom'))[1]({ type: 'settled' })")
    assert page.evaluate("model.sent") == {"type": "save", "name": "small"}
