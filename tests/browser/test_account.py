"""The account panel in the browser; the tests are steps of one visit."""

import zipfile

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Motion, Shoot
from tests.support.service import PASSWORD, RunningService

EMAIL = "ada@example.com"
NEW = "battery staple harbour"

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def motion() -> Motion:
    return "reduce"


def arrives(page: Page) -> None:
    expect(page.get_by_role("button", name="Drop a video here")).to_be_visible(timeout=60_000)


def test_panel_opens_and_closes_by_keyboard(page: Page, service: RunningService, shoot: Shoot) -> None:
    page.goto(service.setup_url)
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    arrives(page)
    page.get_by_role("button", name="Account").press("Enter")
    panel = page.get_by_role("dialog", name="Account")
    expect(panel.get_by_text("No tokens yet.")).to_be_visible()
    expect(panel.get_by_label("administer")).to_be_visible()
    shoot(page, "account-1-open")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(page.get_by_role("button", name="Account")).to_be_focused()


def test_token_is_created_copied_and_revoked(page: Page, service: RunningService, shoot: Shoot) -> None:
    page.get_by_role("button", name="Account").click()
    panel = page.get_by_role("dialog", name="Account")
    panel.get_by_label("Name").fill("backup of <b>mine</b>")
    panel.get_by_role("button", name="Create token").click()
    token = panel.get_by_label("Your new token")
    expect(token).to_be_focused()
    headers = {"Authorization": f"Bearer {token.input_value()}"}
    assert httpx.get(f"{service.url}/api/v1/me", headers=headers).json()["email"] == EMAIL
    expect(panel.get_by_role("listitem")).to_contain_text("backup of <b>mine</b>")
    shoot(page, "account-2-token")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Account").click()
    expect(token).to_be_hidden()
    panel.get_by_role("button", name="Revoke backup of <b>mine</b>").click()
    expect(panel.get_by_text("No tokens yet.")).to_be_visible()
    assert httpx.get(f"{service.url}/api/v1/me", headers=headers).status_code == 401


def test_export_is_downloaded(page: Page) -> None:
    panel = page.get_by_role("dialog", name="Account")
    with page.expect_download() as download:
        panel.get_by_role("button", name="Download everything").click()
    assert "account.json" in zipfile.ZipFile(download.value.path()).namelist()
    expect(panel.get_by_text("Downloaded.")).to_be_visible()


def test_last_administrator_sees_why_deleting_the_account_fails(page: Page, shoot: Shoot) -> None:
    panel = page.get_by_role("dialog", name="Account")
    panel.get_by_text("Delete account").click()
    panel.get_by_label("Password", exact=True).fill(PASSWORD)
    panel.get_by_role("button", name="Delete my account").click()
    expect(panel.get_by_text("This is the last administrator")).to_be_visible()
    shoot(page, "account-3-refused")


def test_new_password_never_passes_through_the_kernel(page: Page) -> None:
    sent: list[str] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(str(frame))))
    panel = page.get_by_role("dialog", name="Account")
    panel.get_by_label("Current password").fill("wrong horse battery")
    panel.get_by_label("New password").fill(NEW)
    panel.get_by_role("button", name="Change password").click()
    expect(panel.get_by_text("The email address or the password is wrong.")).to_be_visible()
    panel.get_by_label("Current password").fill(PASSWORD)
    panel.get_by_role("button", name="Change password").click()
    expect(panel).to_be_hidden(timeout=20_000)
    arrives(page)
    assert not [frame for frame in sent if NEW in frame or PASSWORD in frame]


def test_session_is_renewed_once_a_day_while_the_page_is_visible(page: Page) -> None:
    before = cookie(page, "gifapp_session")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(500)
    assert cookie(page, "gifapp_session") == before
    a_day_ago = "localStorage.setItem('gifapp-session-renewed', String(Date.now() - 86400000))"
    other = page.context.new_page()  # two tabs that refresh at once must not look like a stolen token
    page.evaluate(a_day_ago)
    with other.expect_response("**/auth/refresh") as answer:
        other.goto(page.url)
    assert answer.value.status == 200
    page.bring_to_front()
    with page.expect_response("**/auth/refresh") as answer:
        page.evaluate(f"{a_day_ago}; document.dispatchEvent(new Event('visibilitychange'))")
    assert answer.value.status == 200
    arrives(other)
    other.close()
    assert cookie(page, "gifapp_session") != before
    page.reload()
    arrives(page)


def test_unknown_widget_is_refused_at_once(page: Page) -> None:
    """The widget manager must reject an unknown model at once; else the widget is not drawn later."""
    outcome = page.evaluate(
        """Promise.race([
            window.jupyterapp.widgetManager.get_model("not there yet").then(() => "found", () => "refused"),
            new Promise((done) => setTimeout(done, 0, "waits")),
        ])"""
    )
    assert outcome == "refused"


def test_reset_link_works_although_somebody_is_signed_in(
    page: Page, service: RunningService, shoot: Shoot
) -> None:
    page.goto(f"{service.url}{reset_path(service)}")
    expect(page.get_by_role("heading", name="Choose a new password")).to_be_visible()
    assert "reset" not in page.url
    shoot(page, "account-4-reset")
    page.get_by_label("New password", exact=True).fill("password")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("This password is too easy to guess")).to_be_visible()
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Change password").click()
    arrives(page)


def test_signing_out_everywhere_signs_out_this_page(page: Page) -> None:
    page.get_by_role("button", name="Account").click()
    page.get_by_role("button", name="Sign out everywhere").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=20_000)


def cookie(page: Page, name: str) -> str:
    return next(cookie["value"] for cookie in page.context.cookies() if cookie.get("name") == name)


def reset_path(service: RunningService) -> str:
    """The path of a reset link; the only administrator creates it for themselves."""
    account = {"email": EMAIL, "password": NEW}
    session = httpx.post(f"{service.url}/api/v1/auth/login", json=account).json()
    headers = {"Authorization": f"Bearer {session['access_token']}"}
    users = f"{service.url}/api/v1/admin/users"
    path: str = httpx.post(f"{users}/{session['user']['id']}/reset-link", headers=headers).json()["path"]
    return path
