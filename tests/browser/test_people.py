"""An administrator invites, limits, disables and helps people, by keyboard; one visit, in order."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import Shoot
from tests.support.service import PASSWORD, RunningService

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def panel(page: Page, service: RunningService) -> Locator:
    for name in ("ada", "bob"):
        service.sign_up(f"{name}@example.com").close()
    page.goto(service.url)
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Drop a video here")).to_be_visible()
    page.get_by_role("button", name="People").press("Enter")
    return page.get_by_role("dialog", name="People")


def test_invitation_has_a_code(page: Page, panel: Locator, service: RunningService, shoot: Shoot) -> None:
    panel.get_by_role("button", name="Create invitation").press("Enter")
    link = panel.get_by_label("Invitation (shown only once)")
    expect(link).to_be_focused()
    assert link.input_value().startswith(f"{service.url}/?invite=")
    code = panel.get_by_alt_text("QR code of the link")
    assert code.evaluate("async image => (await image.decode(), image.naturalWidth)") > 100
    assert Axe().run(page).violations_count == 0
    shoot(page, "people-1-invitation")
    panel.get_by_role("button", name="Revoke: Invitation").press("Enter")
    expect(panel.get_by_text("No unused links.")).to_be_visible()


def test_account_is_changed(page: Page, panel: Locator, shoot: Shoot) -> None:
    bob = panel.locator("details").filter(has_text="bob@example.com")

    def continue_if_disabled(route: Route) -> None:
        expect(bob.get_by_label("Role")).to_be_disabled()
        route.continue_()

    bob.locator("summary").press("Enter")
    bob.get_by_label("Quota (MB)").fill("5")
    bob.get_by_role("button", name="Save").press("Enter")
    expect(bob.locator("summary")).to_contain_text("0 MB of 5 MB")
    expect(bob.locator("summary")).to_be_focused()
    bob.get_by_label("Quota (MB)").fill("0.25")
    page.route("**/admin/users/*", continue_if_disabled, times=1)
    bob.get_by_role("button", name="Save").press("Enter")
    expect(bob.get_by_label("Quota (MB)")).to_have_value("0.25")
    changes = list[str]()
    page.on("request", lambda request: changes.append(request.post_data or ""))
    bob.get_by_label("Role").select_option("administrator")
    bob.get_by_role("button", name="Save").press("Enter")
    expect(bob.locator("summary")).to_contain_text("administrator")
    assert [change for change in changes if change] == ['{"role":"administrator"}']
    bob.get_by_role("button", name="Disable").press("Enter")
    expect(bob.locator("summary")).to_contain_text("disabled")
    bob.get_by_role("button", name="Enable").press("Enter")
    expect(bob.locator("summary")).to_contain_text("administrator")
    bob.get_by_label("Role").select_option("user")
    bob.get_by_role("button", name="Save").press("Enter")
    expect(bob.locator("summary")).to_contain_text("user")
    bob.get_by_role("button", name="Create password link").press("Enter")
    expect(panel.get_by_role("textbox", name="Password link for bob@example.com")).to_be_focused()
    shoot(page, "people-2-account")
    assert Axe().run(page).violations_count == 0


def test_last_administrator_stays(panel: Locator) -> None:
    ada = panel.locator("details").filter(has_text="ada@example.com")
    ada.locator("summary").press("Enter")
    ada.get_by_role("button", name="Disable").press("Enter")
    expect(panel.get_by_text("This is the last administrator.")).to_be_visible()
