import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.support.service import RunningService, running_service

SIZES = {"wide": (1280, 800), "narrow": (390, 844)}
SCREENSHOTS = Path(__file__).parents[2] / "test-results"

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

Shoot = Callable[[Page, str], None]
Motion = Literal["no-preference", "reduce"]

expect.set_options(timeout=60_000)  # Playwright's default of 5 s is too short on a busy machine


def chromium() -> str | None:
    """The Chromium that CHROMIUM names, else the one on PATH, else None for Playwright's own."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next((path for name in names if (path := shutil.which(name))), None)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service that has no accounts yet."""
    with running_service(tmp_path_factory.mktemp("service")) as running:
        yield running


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def motion() -> Motion:
    """With `reduce`, no video plays by itself; decoding it takes a quarter of a visit's CPU time."""
    return "no-preference"


@pytest.fixture(scope="module")
def context(browser: Browser, motion: Motion) -> Iterator[BrowserContext]:
    """One user's browser context, shared by the tests of a module."""
    opened = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion=motion)
    opened.set_default_timeout(60_000)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture(scope="session")
def shoot() -> Shoot:
    """With SCREENSHOTS=1, saves a screenshot at both sizes, in light and dark."""
    is_wanted = bool(os.environ.get("SCREENSHOTS"))

    def shoot(page: Page, name: str) -> None:
        if not is_wanted:
            return
        SCREENSHOTS.mkdir(exist_ok=True)
        before = page.viewport_size
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            for size, (width, height) in SIZES.items():
                page.set_viewport_size({"width": width, "height": height})
                page.wait_for_timeout(150)
                page.screenshot(path=SCREENSHOTS / f"{name}-{size}-{scheme}.png")
        page.emulate_media(color_scheme="light")
        if before:
            page.set_viewport_size(before)

    return shoot
