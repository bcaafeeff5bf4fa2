"""Sharing a GIF from its card, opening the link as a stranger, and revoking it; one visit, in order."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Shoot
from tests.support.clips import real_clip
from tests.support.service import PASSWORD, RunningService

pytestmark = pytest.mark.timeout(120)


def test_link_is_created_copied_opened_and_revoked(
    page: Page, browser: Browser, service: RunningService, shoot: Shoot
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    with service.sign_up("ada@example.com") as client:
        client.convert(real_clip())
    page.goto(service.url)
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    share = page.get_by_role("button", name="Share")
    expect(share).to_be_visible(timeout=60_000)
    shoot(page, "share-1-card")
    share.focus()
    page.keyboard.press("Enter")
    box = page.get_by_role("dialog", name="Share bigbuckbunny.mp4")
    expect(box.get_by_role("button", name="Create link")).to_be_focused()
    page.keyboard.press("Enter")
    expect(box.get_by_role("status")).to_have_text("Link created and copied.")
    link = page.evaluate("navigator.clipboard.readText()")
    expect(box.get_by_label("Link", exact=True)).to_have_value(link)
    shoot(page, "share-2-box")
    box.get_by_role("button", name="Copy as Markdown").click()
    expect(box.get_by_role("status")).to_have_text("Markdown copied.")
    assert f"({link}/bigbuckbunny-5.3s-480px.gif)" in page.evaluate("navigator.clipboard.readText()")
    box.get_by_role("button", name="Copy HTML embed").click()
    expect(box.get_by_role("status")).to_have_text("HTML copied.")
    assert page.evaluate("navigator.clipboard.readText()").startswith(f'<iframe src="{link}" width="5')
    stranger = browser.new_page()
    stranger.goto(link)
    picture = stranger.get_by_alt_text("The animation bigbuckbunny-5.3s-480px.gif")
    assert picture.evaluate("async image => (await image.decode(), image.naturalWidth)") == 480
    shoot(stranger, "share-3-page")
    box.get_by_role("button", name="Revoke").click()
    expect(box.get_by_label("Link", exact=True)).to_have_count(0)
    stranger.reload()
    expect(stranger.get_by_text("Link not found")).to_be_visible()
    shoot(stranger, "share-4-gone")
    stranger.close()
    page.keyboard.press("Escape")
    expect(share).to_be_focused()
