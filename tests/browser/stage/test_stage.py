"""The stage and its preview, in a page without a kernel; the test stands in for the service."""

import json
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

from gifapp.widgets.assets import style
from tests.browser.blank_page import arrive, blank_page, render

SERVICE = "http://gifapp.test"
ANYONE = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}
PREVIEW = "A short loop of the GIF, as it will look"
SOURCE = {
    "id": "1",
    "name": "clip.mp4",
    "facts": [],
    "notes": [],
    "width_px": 64,
    "height_px": 48,
    "poster_url": None,
    "frame_url": "/frame",
    "preview_url": "/preview",
    "video_url": None,
    "video_type": None,
    "video_lead_s": 0,
    "duration_s": 4,
    "frame_s": 0.04,
    "step_s": 0.04,
    "is_still": False,
}

Respond = Callable[[Route], None]


def gif_of(width_px: int) -> bytes:
    made = BytesIO()
    Image.new("RGB", (width_px, 10)).save(made, "GIF")
    return made.getvalue()


def respond(route: Route, status: int = 200, **response: Any) -> None:
    headers = ANYONE | response.pop("headers", {})
    route.fulfill(status=status, headers=headers, **response)


class Service:
    """Holds preview requests until the test responds."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.routes: list[Route] = []
        page.route(f"{SERVICE}/preview", self._hold)
        page.route(
            f"{SERVICE}/frame*", lambda route: respond(route, body=gif_of(1), content_type="image/gif")
        )

    def _hold(self, route: Route) -> None:
        if route.request.method == "OPTIONS":
            respond(route)
        else:
            self.routes.append(route)

    def request(self, number: int) -> Any:
        """The body of this request, once it has arrived."""
        for _ in range(100):
            if len(self.routes) > number:
                return json.loads(self.routes[number].request.post_data or "")
            self._page.clock.run_for(100)
            self._page.wait_for_timeout(20)
        raise AssertionError(f"there were {len(self.routes)} requests")

    def respond(self, number: int, width_px: int) -> None:
        respond(self.routes[number], body=gif_of(width_px), content_type="image/gif")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with blank_page(browser) as opened:
        yield opened


@pytest.fixture
def service(page: Page) -> Service:
    made = Service(page)
    render(
        page,
        "dashboard/editor",
        page_url=SERVICE,
        sources=[SOURCE],
        selected="1",
        gifs={},
        crop={},
        shown={},
        can_undo=False,
        can_redo=False,
        recipe=None,
        is_previewing=False,
    )
    return made


def switch_on(page: Page, **recipe: Any) -> None:
    page.get_by_role("button", name="Preview").click()
    arrive(page, recipe=json.dumps(recipe))


def test_preview_shows_the_newest_recipe(page: Page, service: Service) -> None:
    switch_on(page, colours=16)
    assert service.request(0) == {"recipe": {"colours": 16}, "at_s": None}
    expect(page.get_by_text("Making a preview…")).to_be_visible()
    arrive(page, recipe='{"colours": 8}')
    assert service.request(1)["recipe"] == {"colours": 8}
    service.respond(1, 20)
    expect(page.get_by_alt_text(PREVIEW)).to_have_js_property("naturalWidth", 20)
    assert service.routes[0].request.failure  # cancelled by the page
    expect(page.get_by_role("status")).to_have_text("The preview is ready.")


def test_preview_plays_around_the_current_time(page: Page, service: Service) -> None:
    switch_on(page)
    service.request(0)
    page.evaluate(
        "document.dispatchEvent(new CustomEvent('gifapp-seek', { detail: { source: '1', at: 2.5 } }))"
    )
    assert service.request(1)["at_s"] == 2.5


def test_preview_shows_the_services_error(page: Page, service: Service) -> None:
    switch_on(page)
    service.request(0)
    problem = json.dumps({"detail": "No GIF of this video can be that small."})
    respond(service.routes[0], 422, body=problem, content_type="application/problem+json")
    expect(page.get_by_role("status")).to_have_text("No preview: No GIF of this video can be that small.")
    expect(page.get_by_alt_text(PREVIEW)).to_have_count(0)


def test_preview_retries_when_the_server_is_busy(page: Page, service: Service) -> None:
    switch_on(page)
    service.request(0)
    respond(
        service.routes[0], 429, headers={"Retry-After": "3", "Access-Control-Expose-Headers": "Retry-After"}
    )
    service.request(1)
    service.respond(1, 20)
    expect(page.get_by_alt_text(PREVIEW)).to_be_visible()


def test_preview_reports_a_lost_connection_and_retries(page: Page, service: Service) -> None:
    switch_on(page)
    service.request(0)
    service.routes[0].abort()
    expect(page.get_by_role("status")).to_have_text("No preview: the server can't be reached.")
    service.request(1)
    service.respond(1, 20)
    expect(page.get_by_alt_text(PREVIEW)).to_be_visible()


def test_disabled_preview_is_hidden_and_sends_no_requests(page: Page, service: Service) -> None:
    switch_on(page)
    service.request(0)
    service.respond(0, 20)
    expect(page.get_by_alt_text(PREVIEW)).to_be_visible()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_alt_text(PREVIEW)).to_have_count(0)
    arrive(page, recipe=None)
    page.clock.run_for(5000)
    assert len(service.routes) == 1


def test_keys_undo_and_redo(page: Page, service: Service) -> None:
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    page.keyboard.press("Control+z")
    assert page.evaluate("model.sent") is None
    arrive(page, can_undo=True, can_redo=True)
    page.keyboard.press("Control+z")
    assert page.evaluate("model.sent.type") == "undo"
    page.keyboard.press("Control+Shift+z")
    assert page.evaluate("model.sent.type") == "redo"


def test_divider_shows_more_of_the_original_or_of_the_gif(page: Page, service: Service) -> None:
    page.add_style_tag(content=str(style("stage/stage", "dashboard/preview", "stage/divider")))
    switch_on(page)
    divider = page.get_by_role("slider", name="Divider: original on the left, GIF on the right")
    service.request(0)
    expect(divider).to_have_count(0)
    service.respond(0, 20)
    expect(divider).to_have_attribute("aria-valuetext", "50 % original, 50 % GIF")
    divider.press("ArrowRight")
    expect(divider).to_have_attribute("aria-valuetext", "55 % original, 45 % GIF")
    divider.press("Home")
    expect(page.locator(".gifapp-divider__label--before")).to_be_hidden()
    frame = page.locator(".gifapp-stage__frame").bounding_box()
    assert frame
    divider.press("End")
    page.mouse.move(frame["x"] + frame["width"] - 2, frame["y"] + frame["height"] / 2)
    page.mouse.down()
    page.mouse.move(frame["x"] + frame["width"] / 4, frame["y"] + 5, steps=3)
    page.mouse.up()
    expect(divider).to_have_attribute("aria-valuenow", "25")
