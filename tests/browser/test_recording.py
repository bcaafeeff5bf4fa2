"""The camera and the screen are recorded in the browser and become videos; one visit, in order."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import FLAGS, Shoot, chromium
from tests.support.service import PASSWORD, RunningService

pytestmark = pytest.mark.timeout(180)

# a moving test picture instead of a camera
_CAMERA = "--use-fake-device-for-media-stream"
# allows everything, and chooses a screen
_CONSENT = "--use-fake-ui-for-media-stream"


@contextmanager
def dashboard(browser: Browser, service: RunningService, *flags: str) -> Iterator[Page]:
    """The dashboard in a browser with these flags, signed in."""
    launched = browser.browser_type.launch(executable_path=chromium(), args=[*FLAGS, *flags])
    page = launched.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(60_000)
    page.goto(service.url)
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Drop a video here")).to_be_visible()
    yield page
    launched.close()


@pytest.fixture(scope="module")
def service(service: RunningService) -> RunningService:
    service.sign_up("ada@example.com").close()
    return service


@pytest.fixture(scope="module")
def page(browser: Browser, service: RunningService) -> Iterator[Page]:
    with dashboard(browser, service, _CAMERA, _CONSENT) as page:
        yield page


def test_refused_camera_is_explained(browser: Browser, service: RunningService) -> None:
    with dashboard(browser, service, _CAMERA) as page:
        page.get_by_role("button", name="Record the camera").press("Enter")
        problem = page.get_by_role("alert").filter(has_text="Allow it in the browser's address bar")
        expect(problem).to_be_visible()
        expect(page.get_by_role("group", name="Recording", exact=True)).to_be_hidden()


def test_camera_becomes_a_video(page: Page, shoot: Shoot) -> None:
    page.get_by_role("button", name="Record the camera").press("Enter")
    panel = page.get_by_role("group", name="Recording", exact=True)
    expect(panel.get_by_role("button", name="Stop")).to_be_focused()
    expect(panel).to_contain_text("0:02")
    shoot(page, "recording-1-camera")
    assert Axe().run(page).violations_count == 0
    panel.get_by_role("button", name="Stop").press("Enter")
    expect(page.get_by_role("heading", name="Camera recording")).to_be_visible()
    expect(panel).to_be_hidden()
    expect(page.get_by_role("button", name="Make the GIF")).to_be_enabled()
    shoot(page, "recording-2-video")


def test_discarded_recording_is_not_uploaded(page: Page) -> None:
    page.get_by_role("button", name="Record the camera").press("Enter")
    panel = page.get_by_role("group", name="Recording", exact=True)
    expect(panel).to_contain_text("0:01")
    page.get_by_role("button", name="Discard the recording").press("Enter")
    expect(panel).to_be_hidden()
    expect(page.get_by_role("button", name="Record the camera")).to_be_focused()
    expect(page.locator(".gifapp-upload__row")).to_have_count(0)


def test_screen_is_recorded_until_sharing_ends(page: Page) -> None:
    page.get_by_role("button", name="Record the screen").click()
    panel = page.get_by_role("group", name="Recording", exact=True)
    expect(panel).to_contain_text("0:01")
    page.locator(".gifapp-recorder__picture").evaluate(
        "video => { const [track] = video.srcObject.getTracks(); track.stop(); track.onended(); }"
    )
    expect(page.get_by_role("heading", name="Screen recording")).to_be_visible()
