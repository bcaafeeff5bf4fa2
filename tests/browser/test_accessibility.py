"""axe-core checks every page and dialog, in light and dark; the tests are steps of one visit."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from gifapp.client import Client
from tests.browser.conftest import Motion
from tests.support.clips import real_clip
from tests.support.service import PASSWORD, RunningService

pytestmark = pytest.mark.timeout(180)

# elements whose focus ring is cut off by something around them
_CUT = """() => {
  const within = (node) => {
    node.focus({ focusVisible: true });
    const { outlineStyle, outlineWidth, outlineOffset } = getComputedStyle(node);
    const room = outlineStyle === "none" ? 0 : parseFloat(outlineWidth) + parseFloat(outlineOffset) - 0.6;
    const { left, right, top, bottom } = node.getBoundingClientRect();
    for (let around = node.parentElement; around; around = around.parentElement) {
      const { overflowX, overflowY } = getComputedStyle(around);
      const box = around.getBoundingClientRect();
      if (overflowX !== "visible" && (left - room < box.left || right + room > box.right)) return false;
      if (overflowY === "hidden" && (top - room < box.top || bottom + room > box.bottom)) return false;
    }
    return true;
  };
  const nodes = document.querySelectorAll("#rendered_cells :is(button, a[href], input, select, textarea, [tabindex='0'])");
  const shown = [...nodes].filter((node) => node.checkVisibility() && !node.disabled);
  return [shown.length, shown.filter((node) => !within(node)).map((node) => node.outerHTML.slice(0, 120))];
}"""  # noqa: E501


@pytest.fixture(scope="module")
def motion() -> Motion:
    return "reduce"


@pytest.fixture(scope="module")
def ada(service: RunningService) -> Client:
    """The administrator, who has a GIF."""
    with service.sign_up("ada@example.com") as client:
        client.convert(real_clip())
    return client


def check(page: Page) -> None:
    """Assert that no rule is violated, in light and in dark."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.wait_for_timeout(300)  # the longest transition
        broken = Axe().run(page)
        assert broken.violations_count == 0, f"{scheme}: {broken.generate_report()}"


@pytest.mark.usefixtures("ada")
def test_sign_in_page(page: Page, service: RunningService) -> None:
    page.goto(service.url)
    expect(page.get_by_label("Email")).to_be_visible()
    check(page)


def test_dashboard(page: Page) -> None:
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("link", name="Download")).to_be_visible(timeout=60_000)
    check(page)


def test_whole_form_with_preview(page: Page) -> None:
    for head in page.locator(".gifapp-form__head").all()[1:]:
        head.click()
    page.get_by_role("button", name="Add a caption").click()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_alt_text("A short loop of the GIF, as it will look")).to_be_visible()
    check(page)


def test_focus_rings_are_whole(page: Page) -> None:
    count, cut = page.evaluate(_CUT)
    assert count > 40
    assert cut == []


def test_selected_gifs_and_filters(page: Page) -> None:
    page.get_by_role("button", name="Select", exact=True).click()
    page.get_by_role("checkbox", name="Select bigbuckbunny.mp4").check()
    page.get_by_role("button", name="Filters").click()
    check(page)
    page.get_by_role("button", name="Clear selection").click()


def test_notice_with_undo(page: Page) -> None:
    page.get_by_role("article").get_by_role("button", name="Delete").press("Enter")
    undo = page.get_by_role("alert").get_by_role("button", name="Undo")
    expect(undo).to_be_focused()
    check(page)
    undo.press("Enter")
    expect(page.get_by_role("link", name="Download")).to_be_visible()


@pytest.mark.parametrize(
    ("opens", "dialog"),
    [
        ("Share", "Share"),
        ("Saved settings", "Saved settings"),
        ("Show the GIF of bigbuckbunny.mp4 at full size", "bigbuckbunny.mp4"),
        ("Account", "Account"),
    ],
)
def test_dialog(page: Page, opens: str, dialog: str) -> None:
    page.get_by_role("button", name=opens).first.press("Enter")
    expect(page.get_by_role("dialog", name=dialog)).to_be_visible()
    check(page)
    page.keyboard.press("Escape")


def test_confirmation_before_deleting(page: Page) -> None:
    page.get_by_role("button", name="Remove this video").click()
    expect(page.get_by_role("button", name="Remove", exact=True)).to_be_visible()
    check(page)
    page.keyboard.press("Escape")


def test_operations_page(page: Page, service: RunningService) -> None:
    page.goto(f"{service.url}/operations")
    expect(page.get_by_role("heading", name="Operations")).to_be_visible()
    expect(page.get_by_role("list", name="Queue")).to_be_visible()
    check(page)


def test_error_page(page: Page, service: RunningService) -> None:
    page.goto(f"{service.url}/nothing")
    check(page)
