"""The dashboard on a phone: tabs, notices that cover nothing, shared videos; one visit, in order."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from gifapp.domain.recipes.recipe import Recipe
from tests.browser.conftest import Shoot
from tests.support.clips import real_clip
from tests.support.service import PASSWORD, RunningService

pytestmark = pytest.mark.timeout(180)

_SMALL = """() => [...document.querySelectorAll(".bar *, #rendered_cells *")].filter((node) => {
  const isTicked = node.matches("[type=checkbox], [type=radio], [type=range]");
  if (isTicked || !node.matches("button, a[href], input, select")) return false;
  const { width, height } = node.getBoundingClientRect();
  return node.checkVisibility() && width && height && (width < 44 || height < 43.5);
}).map((node) => node.outerHTML.slice(0, 120))"""
_ZOOMED = """() => [...document.querySelectorAll("input, select, textarea")].filter(
  (node) => node.checkVisibility() && parseFloat(getComputedStyle(node).fontSize) < 16).length"""


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, reduced_motion="reduce"
    )
    opened.set_default_timeout(60_000)
    yield opened
    opened.close()


def tab(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Parts of the dashboard").get_by_role("button", name=name).tap()


def test_tab_bar_switches_between_making_and_the_gifs(
    page: Page, service: RunningService, shoot: Shoot
) -> None:
    with service.sign_up("ada@example.com") as client:
        client.convert(real_clip(), Recipe(width_px=120, fps=2))
    page.goto(service.url)
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").tap()
    submit = page.get_by_role("button", name="Make the GIF")
    expect(submit).to_be_visible()
    expect(page.get_by_role("article")).to_be_hidden()
    shoot(page, "phone-1-make")
    tab(page, "GIFs")
    expect(page.get_by_role("article")).to_be_visible()
    expect(submit).to_be_hidden()
    shoot(page, "phone-2-gifs")


def test_everything_is_large_enough_for_a_finger(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for name in ("GIFs", "Make"):
        tab(page, name)
        assert page.evaluate(_SMALL) == []
        assert page.evaluate(_ZOOMED) == 0
        assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_notice_covers_neither_the_button_nor_the_tabs(page: Page) -> None:
    tab(page, "GIFs")
    page.get_by_role("button", name="Edit a copy").tap()
    notice = page.get_by_role("alert").get_by_text("The form now has the settings of this GIF.")
    expect(notice).to_be_visible()
    submit = page.get_by_role("button", name="Make the GIF")
    expect(submit).to_be_visible()  # the tab changed
    submit.tap(trial=True)
    tab(page, "GIFs")
    tab(page, "Make")
    page.get_by_role("button", name="Dismiss").tap()


def test_settings_are_saved_by_touch(page: Page, shoot: Shoot) -> None:
    page.get_by_role("button", name="Saved settings").tap()
    box = page.get_by_role("dialog", name="Saved settings")
    box.get_by_label("Name of these settings").fill("Tiny")
    shoot(page, "phone-3-settings")
    box.get_by_role("button", name="Save these settings").tap()
    expect(page.get_by_role("alert").get_by_text("Saved as “Tiny”.")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="Saved settings").tap()
    expect(box.get_by_role("button", name="Tiny", exact=True)).to_be_visible()
    page.keyboard.press("Escape")


def test_another_app_shares_a_video(page: Page) -> None:
    """The installed page is what a phone posts the video to; a form posts the same."""
    page.wait_for_function(
        "navigator.serviceWorker.getRegistrations().then((all) => all.some(({ active }) => active))"
    )
    address = page.evaluate("new URL('share', document.querySelector('link[rel=manifest]').href).href")
    page.evaluate(
        """(action) => {
          document.body.insertAdjacentHTML("beforeend", `<form method="POST" enctype="multipart/form-data">
            <input type="file" name="files" id="shared"></form>`);
          document.querySelector("#shared").form.action = action;
        }""",
        address,
    )
    page.locator("#shared").set_input_files(real_clip())
    page.evaluate("document.querySelector('#shared').form.submit()")
    expect(page.locator(".gifapp-stage__thumb")).to_have_count(2)
    assert page.url == f"{page.evaluate('location.origin')}/"
    assert page.evaluate("caches.keys()") == []


def test_tab_announces_a_finished_gif_until_it_is_shown(page: Page, shoot: Shoot) -> None:
    tab(page, "Make")
    page.get_by_role("button", name="Make the GIF").tap()
    expect(page.get_by_role("button", name="GIFs, 1 new")).to_be_visible()
    shoot(page, "phone-4-new")
    tab(page, "GIFs")
    expect(page.get_by_role("button", name="GIFs", exact=True)).to_be_visible()
    expect(page.get_by_role("article")).to_have_count(2)
