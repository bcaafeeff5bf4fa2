import asyncio
from typing import Any

import pytest

from gifapp.domain.job import JobState, Progress
from gifapp.domain.job_query import JobQuery
from gifapp.domain.recipes.output_formats import FILE_KINDS
from gifapp.domain.views.jobs import JobView, ProgressEvent
from gifapp.widgets.dashboard.gallery import PATCH_EVERY_S, Gallery
from gifapp.widgets.reporting import Reporter
from gifapp.widgets.words import card
from tests.widgets.scripted import UNREACHABLE, Browser, a_job


class Page:
    """A gallery, its browser, the actions requested of it and the errors reported to it."""

    def __init__(self) -> None:
        self.actions: list[tuple[str, str]] = []
        self.reported: list[str] = []
        self.failure: Exception | None = None
        reporter = Reporter(self.reported.append)
        self.batches: list[tuple[str, list[str]]] = []
        self.queries: list[JobQuery] = []
        self.gallery = Gallery(
            "",
            on_action=self._act,
            on_rename=lambda job_id, name: self.actions.append((name, job_id)),
            on_batch=lambda action, ids: self.batches.append((action, ids)),
            on_query=self.queries.append,
            on_share=self._share,
            reporter=reporter,
        )
        self.browser = Browser(self.gallery)

    def _act(self, action: str, job_id: str) -> None:
        if self.failure is not None:
            raise self.failure
        self.actions.append((action, job_id))

    def _share(self, message: dict[str, Any]) -> dict[str, Any]:
        if self.failure is not None:
            raise self.failure
        return {"type": "shares", "id": message["id"], "made": None, "shares": []}


@pytest.fixture
def page() -> Page:
    return Page()


def running(fraction: float, attempt: int = 1) -> JobView:
    return a_job(1, JobState.RUNNING, attempts=attempt, progress=Progress(fraction=fraction))


def progress(fraction: float, attempt: int = 1) -> ProgressEvent:
    return ProgressEvent(job_id="job-1", attempt=attempt, phase="writing", fraction=fraction, eta_s=4.0)


def shown(job: JobView) -> dict[str, Any]:
    """The job's card in a gallery sorted by newest first."""
    return card(job) | {"rank": -job.created_at.timestamp()}


def cards(messages: list[Any]) -> list[Any]:
    return [card for message in messages for card in message["cards"]]


def test_new_page_receives_all_cards(page: Page) -> None:
    page.gallery.show_all([a_job(2), a_job(1)], query=JobQuery(), total=2, has_more=False)
    page.browser.messages.clear()
    page.browser.says(type="ready")
    assert [card["id"] for card in cards(page.browser.of_type("all"))] == ["job-2", "job-1"]


def test_state_change_is_sent_at_once(page: Page) -> None:
    page.gallery.show(a_job(1))
    page.gallery.show(running(0))
    assert [card["state"] for card in cards(page.browser.of_type("patch"))] == ["queued", "running"]


async def test_progress_is_sent_a_few_times_a_second_with_its_last_value(page: Page) -> None:
    page.gallery.show(running(0))
    page.browser.messages.clear()
    for percent in range(1, 60):
        page.gallery.show(running(percent / 100))
    assert page.browser.messages == []
    await asyncio.sleep(PATCH_EVERY_S * 1.5)
    assert [card["fraction"] for card in cards(page.browser.of_type("patch"))] == [0.59]


async def test_delayed_progress_is_not_sent_after_the_end(page: Page) -> None:
    page.gallery.show(running(0))
    page.gallery.show(running(0.5))
    page.gallery.show(a_job(1, JobState.SUCCEEDED))
    await asyncio.sleep(PATCH_EVERY_S * 1.5)
    assert [card["state"] for card in cards(page.browser.of_type("patch"))] == ["running", "succeeded"]


async def test_progress_updates_only_the_bar_and_its_label(page: Page) -> None:
    page.gallery.show(running(0))
    page.browser.messages.clear()
    for percent in range(1, 60):
        page.gallery.show_progress(progress(percent / 100))
    await asyncio.sleep(PATCH_EVERY_S * 1.5)
    words = "Drawing frames, 59%, 4 s left"
    assert cards(page.browser.of_type("patch")) == [{"id": "job-1", "status": words, "fraction": 0.59}]
    page.browser.says(type="ready")
    [now] = cards(page.browser.of_type("all"))
    assert (now["name"], now["status"], now["fraction"]) == ("clip-1.mp4", words, 0.59)


@pytest.mark.parametrize(
    "current",
    [running(0.1, attempt=2), *(a_job(1, state, attempts=1) for state in JobState if state != "running")],
    ids=lambda job: f"{job.state}-{job.attempts}",
)
async def test_late_progress_changes_nothing(page: Page, current: JobView) -> None:
    page.gallery.show(running(0.8))
    page.gallery.show(current)
    await asyncio.sleep(PATCH_EVERY_S * 1.5)
    page.browser.messages.clear()
    page.gallery.show_progress(progress(0.9))
    assert not page.gallery.is_behind(progress(0.9))
    await asyncio.sleep(PATCH_EVERY_S * 1.5)
    assert page.browser.messages == []
    page.browser.says(type="ready")
    assert cards(page.browser.of_type("all")) == [shown(current)]


async def test_progress_of_a_removed_card_does_not_bring_it_back(page: Page) -> None:
    page.gallery.show(running(0))
    page.gallery.remove("job-1")
    page.gallery.show_progress(progress(0.5))
    await asyncio.sleep(PATCH_EVERY_S * 1.5)
    assert [message["type"] for message in page.browser.messages] == ["patch", "remove"]


def test_removed_card_is_sent_once(page: Page) -> None:
    page.gallery.show(a_job(1))
    page.gallery.remove("job-1")
    page.gallery.remove("job-1")
    assert page.browser.of_type("remove") == [{"type": "remove", "id": "job-1"}]


def test_more_cards_are_sent_alone(page: Page) -> None:
    page.gallery.show_all([a_job(3)], query=JobQuery(), total=3, has_more=True)
    page.gallery.show_more([a_job(2), a_job(1)], total=3, has_more=False)
    assert [card["id"] for card in cards(page.browser.of_type("more"))] == ["job-2", "job-1"]
    assert list(page.gallery.shown_ids) == ["job-3", "job-2", "job-1"]
    assert not page.gallery.has_more


def test_search_reaches_the_dashboard(page: Page) -> None:
    query = {"search": "bunny", "state": "dead", "format": None, "source_id": None, "sort": "largest"}
    page.browser.says(type="query", query=query)
    assert page.queries == [JobQuery(search="bunny", state=JobState.DEAD, sort="largest")]
    page.browser.says(type="query", query=query | {"search": "x" * 201})
    page.browser.says(type="query", query=query | {"sort": "random"})
    assert len(page.queries) == 1


def test_every_format_is_a_filter(page: Page) -> None:
    assert set(page.gallery.formats) == set(FILE_KINDS)


def test_batch_action_reaches_all_selected_jobs(page: Page) -> None:
    page.browser.says(type="batch", action="delete", ids=["job-1", "job-2"])
    page.browser.says(type="batch", action="run", ids=["job-1"])
    page.browser.says(type="batch", action="delete", ids=["job-1"] * 201)
    assert page.batches == [("delete", ["job-1", "job-2"])]


def test_button_reaches_its_job(page: Page) -> None:
    page.browser.says(type="cancel", id="job-1")
    assert page.actions == [("cancel", "job-1")]


def test_failed_action_is_reported_and_its_card_can_be_used_again(page: Page) -> None:
    page.failure = UNREACHABLE
    page.browser.says(type="delete", id="job-1")
    assert page.reported == [str(UNREACHABLE)]
    assert page.browser.of_type("settled") == [{"type": "settled", "id": "job-1"}]


def test_share_box_is_answered_and_settled(page: Page) -> None:
    page.browser.says(type="shares", id="job-1")
    assert [answer["id"] for answer in page.browser.of_type("shares")] == ["job-1"]
    page.failure = UNREACHABLE
    page.browser.says(type="share", id="job-1", days=7)
    assert len(page.browser.of_type("shares")) == 1
    assert len(page.browser.of_type("settled")) == 2
    assert page.reported
