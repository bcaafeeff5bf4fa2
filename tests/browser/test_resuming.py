"""An upload over a bad connection resumes by itself, and after a reload of the page."""

import hashlib
import json
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.conftest import Motion
from tests.support.clips import real_clip
from tests.support.line import Line
from tests.support.service import PASSWORD, RunningService

SIZE_BYTES = 24_000_000

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def motion() -> Motion:
    return "reduce"


@pytest.fixture(scope="module")
def line(service: RunningService) -> Iterator[Line]:
    opened = Line(urlsplit(service.url).port or 80, bytes_per_s=5_000_000)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def page(service: RunningService, context: BrowserContext, line: Line) -> Page:
    page = context.new_page()
    page.goto(service.setup_url.replace(f":{urlsplit(service.url).port}", f":{line.port}"))
    page.fill("#email", "ada@example.com")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.on("dialog", lambda dialog: dialog.accept())  # leave although an upload is in progress
    return page


def test_upload_resumes_when_the_connection_is_back(
    page: Page, line: Line, service: RunningService, tmp_path: Path
) -> None:
    offsets = offsets_of(page)
    video = large(tmp_path / "large.mp4")
    cut_in_mid_upload(page, line, video)
    expect(page.get_by_role("heading", name=video.name)).to_be_visible(timeout=60_000)
    assert is_whole(service, video)
    assert (offsets[0], 0 < offsets[-1] < SIZE_BYTES) == (0, True)


def test_upload_resumes_after_a_reload_when_the_file_is_chosen_again(
    page: Page, line: Line, service: RunningService, tmp_path: Path
) -> None:
    video = large(tmp_path / "other.mp4")
    choose(page, video)
    expect(page.locator(".gifapp-upload__status")).to_contain_text("% of", timeout=15_000)
    page.wait_for_timeout(1500)
    page.reload()
    offsets = offsets_of(page)
    choose(page, video)
    expect(page.get_by_role("heading", name=video.name)).to_be_visible(timeout=60_000)
    assert is_whole(service, video)
    assert [offset > 0 for offset in offsets] == [True]


def test_waiting_upload_says_so_and_starts_by_itself(page: Page, tmp_path: Path) -> None:
    refused: list[Route] = []

    def answer(route: Route) -> None:
        if route.request.method != "PATCH" or len(refused) == 3:
            route.continue_()
            return
        refused.append(route)
        problem = json.dumps({"code": "too-many-at-once"})
        route.fulfill(status=429, content_type="application/problem+json", body=problem)

    page.route("**/api/v1/uploads/*", answer)
    video = tmp_path / "turn.mp4"
    video.write_bytes(real_clip().read_bytes())
    choose(page, video)
    expect(page.locator(".gifapp-upload__status")).to_contain_text("Waiting to be checked", timeout=60_000)
    expect(page.get_by_role("heading", name=video.name)).to_be_visible(timeout=60_000)
    page.unroute("**/api/v1/uploads/*")


def test_upload_resumes_when_the_connection_is_silently_dead(
    page: Page, line: Line, service: RunningService, tmp_path: Path
) -> None:
    page.clock.install()
    offsets = offsets_of(page)
    video = large(tmp_path / "still.mp4")
    choose(page, video)
    expect(page.locator(".gifapp-upload__status")).to_contain_text("% of", timeout=15_000)
    page.wait_for_timeout(1000)
    line.go_dead()
    page.clock.fast_forward("00:30")
    expect(page.get_by_role("heading", name=video.name)).to_be_visible(timeout=60_000)
    assert is_whole(service, video)
    assert (offsets[0], 0 < offsets[-1] < SIZE_BYTES) == (0, True)


def large(path: Path) -> Path:
    """A real clip with a large box appended, which players skip."""
    filling = os.urandom(SIZE_BYTES)
    path.write_bytes(real_clip().read_bytes() + struct.pack(">I4s", 8 + SIZE_BYTES, b"free") + filling)
    return path


def choose(page: Page, video: Path) -> None:
    field = page.locator(".gifapp-upload input[type=file]")
    field.wait_for(state="attached", timeout=60_000)
    field.set_input_files(video)


def cut_in_mid_upload(page: Page, line: Line, video: Path) -> None:
    choose(page, video)
    expect(page.locator(".gifapp-upload__status")).to_contain_text("% of", timeout=15_000)
    page.wait_for_timeout(1500)
    line.cut()


def offsets_of(page: Page) -> list[int]:
    """The offsets from which the page sends bytes, in order."""
    offsets: list[int] = []
    page.on(
        "request",
        lambda request: (
            offsets.append(int(request.headers["upload-offset"])) if request.method == "PATCH" else None
        ),
    )
    return offsets


def is_whole(service: RunningService, video: Path) -> bool:
    """Whether the newest source equals the video, byte for byte."""
    account = {"email": "ada@example.com", "password": PASSWORD}
    token = httpx.post(f"{service.url}/api/v1/auth/login", json=account).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    newest = httpx.get(f"{service.url}/api/v1/sources", headers=headers).json()["sources"][0]
    return bool(newest["sha256"] == hashlib.sha256(video.read_bytes()).hexdigest())
