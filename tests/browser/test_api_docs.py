"""The API documentation page: keeps its policy, loads nothing from other hosts, and sends requests."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Shoot
from tests.support.service import RunningService

pytestmark = pytest.mark.timeout(120)


def test_page_shows_the_api_without_violating_its_policy(
    page: Page, service: RunningService, shoot: Shoot
) -> None:
    complaints: list[str] = []
    requested: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requested.append(request.url))
    page.goto(f"{service.url}/api/docs")
    submit = page.locator("#operations-jobs-post_jobs")
    submit.locator(".opblock-summary-control").click()
    expect(submit.get_by_text("source_id")).to_be_visible()
    shoot(page, "api-docs")
    width, room = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width <= room
    assert complaints == []
    assert [url for url in requested if not url.startswith((service.url, "data:"))] == []


def test_try_it_out_sends_a_request(page: Page, service: RunningService) -> None:
    limits = page.locator("#operations-me-get_limits")
    limits.locator(".opblock-summary-control").click()
    limits.get_by_role("button", name="Try it out").click()
    limits.get_by_role("button", name="Execute").click()
    limit = str(httpx.get(f"{service.url}/api/v1/limits").json()["max_upload_bytes"])
    expect(limits.locator(".live-responses-table").get_by_text(limit).first).to_be_visible()
