"""The operations page: its figures and its buttons; the tests are steps of one visit."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pymongo
import pytest
from playwright.sync_api import Browser, Page, expect
from pymongo.collection import Collection

from gifapp.client import Client
from gifapp.domain.job import JobState
from tests.browser.conftest import Shoot
from tests.support.clips import real_clip
from tests.support.service import PASSWORD, RunningService

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def jobs(service: RunningService) -> Iterator[Collection[Any]]:
    document = json.loads((service.printed.parent / "data" / "run" / "services.json").read_text())
    with pymongo.MongoClient[dict[str, Any]](document["mongodb_url"]) as client:
        yield client.get_default_database()["jobs"]


@pytest.fixture(scope="module")
def ada(service: RunningService) -> Iterator[Client]:
    """The administrator, who has a GIF."""
    with service.sign_up("ada@example.com") as client:
        client.convert(real_clip())
        yield client


def sign_in(page: Page, service: RunningService, email: str) -> None:
    page.goto(f"{service.url}/operations")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_administrator_sees_the_service_and_runs_a_dead_letter_again(
    page: Page, service: RunningService, ada: Client, jobs: Collection[Any], shoot: Shoot
) -> None:
    jobs.update_one(
        {}, {"$set": {"state": "dead", "error": {"code": "worker-lost", "detail": "It vanished."}}}
    )
    jobs.update_one({}, {"$unset": {"gif": 1}})
    sign_in(page, service, "ada@example.com")
    expect(page.get_by_role("heading", name="Operations")).to_be_visible(timeout=60_000)
    in_queue = page.get_by_role("list", name="Queue")
    expect(in_queue.get_by_role("listitem").filter(has_text="Failed for good")).to_contain_text("1")
    row = page.get_by_role("row").filter(has_text="It vanished.")
    expect(row).to_contain_text("ada@example.com")
    chart = page.get_by_role(
        "img", name="Finished jobs: Succeeded 0, Failed 0, Failed for good 1, Cancelled 0"
    )
    expect(chart).to_be_visible(timeout=20_000)
    shoot(page, "operations-1")
    page.get_by_role("button", name="Pause the queue").press("Enter")
    expect(page.get_by_role("status").filter(has_text="The queue is paused")).to_be_visible()
    row.get_by_role("button", name="Run again").click()
    expect(row).to_have_count(0)
    expect(in_queue.get_by_role("listitem").filter(has_text="Waiting")).to_contain_text("1")
    page.get_by_role("button", name="Resume the queue").press("Enter")
    expect(page.get_by_role("list", name="This period").get_by_role("listitem").first).to_contain_text(
        "GIFs made1", timeout=60_000
    )
    assert [job["state"] for job in jobs.find()] == [JobState.SUCCEEDED]
    page.get_by_role("button", name="Hour").click()
    expect(page.get_by_role("button", name="Hour")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("link", name="Dashboard").click()
    expect(page.get_by_role("button", name="Share")).to_be_visible(timeout=60_000)


def test_unused_link_is_revoked_by_keyboard(
    page: Page, service: RunningService, ada: Client, shoot: Shoot
) -> None:
    signed_in = {"email": "ada@example.com", "password": PASSWORD}
    login = httpx.post(f"{service.url}/api/v1/auth/login", json=signed_in, timeout=30).json()
    bearer = {"Authorization": f"Bearer {login['access_token']}"}
    invite = httpx.post(f"{service.url}/api/v1/admin/invites", headers=bearer, timeout=30).json()["token"]
    page.goto(f"{service.url}/operations")
    links = page.get_by_role("region", name="Unused invitation and reset links")
    revoke = links.get_by_role(
        "button", name="Revoke the invitation link for anyone with the link, created by ada@example.com"
    )
    expect(revoke).to_be_visible(timeout=60_000)
    assert invite not in page.content()
    shoot(page, "operations-2-links")
    revoke.press("Enter")
    expect(links).to_contain_text("No unused links.")
    expect(page.get_by_text("Link revoked.")).to_be_visible()
    assert ada.administrator.links() == []


def test_other_users_cannot_open_the_page(browser: Browser, service: RunningService, ada: Client) -> None:
    with service.sign_up("ben@example.com"):
        page = browser.new_page()
        sign_in(page, service, "ben@example.com")
        expect(page.get_by_text("Only an administrator can do that.")).to_be_visible(timeout=60_000)
        page.goto(service.url)
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        expect(page.get_by_role("link", name="Operations")).to_have_count(0)
        page.close()
