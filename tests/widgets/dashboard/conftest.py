"""A dashboard on a scripted client."""

from collections.abc import AsyncIterator, Callable

import pytest

from gifapp.widgets.dashboard.dashboard import Dashboard
from tests.widgets.scripted import (
    Browser,
    ScriptedClient,
    a_job,
    a_source,
)


class Page:
    """A dashboard on a scripted client, and the browser's end of each of its parts."""

    def __init__(self, client: ScriptedClient, **pace: float) -> None:
        self.client = client
        self.dashboard = Dashboard(client, **pace)  # type: ignore[arg-type]
        self.gallery = Browser(self.dashboard.gallery)
        self.upload = Browser(self.dashboard.upload)
        self.stage = Browser(self.dashboard.editor.stage)
        self.notices = Browser(self.dashboard.notices)

    @property
    def shown_ids(self) -> list[str]:
        """The cards on a newly opened page."""
        self.gallery.says(type="ready")
        return [card["id"] for card in self.gallery.of_type("all")[-1]["cards"]]

    @property
    def shown_words(self) -> list[str]:
        """The text of the cards on a newly opened page."""
        self.gallery.says(type="ready")
        return [card["status"] for card in self.gallery.of_type("all")[-1]["cards"]]

    @property
    def shown_names(self) -> list[str]:
        """The names on the cards of a page that opens now."""
        self.gallery.says(type="ready")
        return [card["name"] for card in self.gallery.of_type("all")[-1]["cards"]]

    @property
    def notice_texts(self) -> list[str]:
        return [notice["text"] for notice in self.notices.of_type("notice")]


OpenPage = Callable[..., Page]


@pytest.fixture
async def open_page() -> AsyncIterator[OpenPage]:
    pages: list[Page] = []

    def open_page(client: ScriptedClient, **pace: float) -> Page:
        pages.append(Page(client, **pace))
        return pages[-1]

    yield open_page
    for page in pages:
        page.dashboard.close()


@pytest.fixture
async def page(open_page: OpenPage) -> Page:
    return open_page(ScriptedClient([a_job(1), a_job(2)], [a_source(1), a_source(2)]))
