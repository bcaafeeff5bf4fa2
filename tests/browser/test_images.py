"""Our image decoders show random animations as Chromium does."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import BrowserContext

from benchmarks.browser import Chromium, difference, shown_by_gifapp
from tests.support.random_pictures import ANIMATIONS


@pytest.fixture(scope="module")
def decoder(context: BrowserContext) -> Iterator[Chromium]:
    page = context.new_page()
    yield Chromium(page)
    page.close()


@pytest.mark.parametrize("kind", list(ANIMATIONS))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_random_animations_are_shown_as_chromium_shows_them(
    decoder: Chromium, kind: str, data: st.DataObject
) -> None:
    drawn = data.draw(ANIMATIONS[kind])
    assert difference(shown_by_gifapp(drawn.data), decoder.shown(drawn.data, drawn.kind)) is None
