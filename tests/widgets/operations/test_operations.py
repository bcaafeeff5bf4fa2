"""The operations page on a scripted client: what it shows, and what its buttons request."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from gifapp import errors
from gifapp.domain.job import JobState
from gifapp.domain.views.accounts import OpenLinkView
from gifapp.domain.views.administration import ListedJobView, QueueView, RequeuedView, StorageView, WorkerView
from gifapp.domain.views.jobs import ErrorView
from gifapp.domain.views.statistics import (
    BOUNDS_S,
    DistributionView,
    ErrorCountView,
    StatisticsView,
    StepView,
)
from gifapp.widgets.operations.operations import Operations
from gifapp.widgets.operations.words import storage_text
from tests.widgets.scripted import NOON

DEAD = ListedJobView(
    id="job-1",
    owner_id="1",
    owner_email="ada@example.org",
    state=JobState.DEAD,
    source_name="clip.mp4",
    attempts=3,
    max_attempts=3,
    error=ErrorView(code="worker-lost", detail="It vanished."),
    created_at=NOON,
    run_at=NOON,
    finished_at=NOON,
)
INVITATION = OpenLinkView(id="link-1", kind="invitation", created_at=NOON, expires_at=NOON)
RESET = INVITATION.model_copy(
    update={"id": "link-2", "kind": "reset", "email": "bob@example.org", "by_email": "ada@example.org"}
)
LATER = 5  # scheduled jobs
SPREAD = DistributionView.of([0] * 20 + [3, 1] + [0] * (len(BOUNDS_S) - 22))


class ScriptedAdministrator:
    """Has one dead letter and records requests; every call fails while `failure` is set."""

    def __init__(self) -> None:
        self.dead = [DEAD]
        self.open_links = [INVITATION, RESET]
        self.due = 0
        self.paused_at: Any = None
        self.asked: list[Any] = []
        self.failure: Exception | None = None

    @property
    def administrator(self) -> "ScriptedAdministrator":
        return self

    def queue(self) -> QueueView:
        if self.failure:
            raise self.failure
        return QueueView(
            paused_at=self.paused_at,
            queued=self.due + LATER,
            due=self.due,
            running=1,
            dead=len(self.dead),
            workers=1,
        )

    def pause(self) -> None:
        self.paused_at = NOON

    def workers(self) -> list[WorkerView]:
        return [WorkerView(name="here:1", started_at=NOON, seen_at=NOON, jobs=7, memory_bytes=165_000_000)]

    def storage(self) -> StorageView | None:
        return None

    def statistics(self, *, hours: float) -> StatisticsView:
        self.asked.append(hours)
        return StatisticsView(
            since=NOON,
            until=NOON + timedelta(hours=hours),
            step_s=75.0 * hours,
            success_rate=0.75,
            people=2,
            submitted=4,
            videos=1,
            bytes_in=1_000_000,
            bytes_out=3_000_000,
            steps=[StepView(at=NOON, succeeded=3, dead=1)],
            converting=SPREAD,
            waiting=SPREAD,
            errors=[ErrorCountView(code="worker-lost", count=1)],
            slowest=[],
        )

    def dead_letters(self) -> list[ListedJobView]:
        return self.dead

    def links(self) -> list[OpenLinkView]:
        return self.open_links

    def revoke_link(self, link_id: str) -> None:
        self.open_links = [link for link in self.open_links if link.id != link_id]

    def requeue(self, job_id: str) -> None:
        if job_id != "job-1":
            raise errors.NotFound(kind="dead letter")
        self.dead, self.due = [], 1

    def requeue_all(self) -> RequeuedView:
        return RequeuedView(requeued=2, left=1)


@pytest.fixture
def scripted() -> ScriptedAdministrator:
    return ScriptedAdministrator()


@pytest.fixture
async def page(scripted: ScriptedAdministrator) -> AsyncIterator[Operations]:
    shown: Any = Operations(scripted, read_queue_s=0.05)  # type: ignore[arg-type]
    yield shown
    shown.close()


def tiles(page: Operations, which: str) -> dict[str, str]:
    return {tile["label"]: tile["value"] for tile in page.head.shown[which]}


def press(page: Operations, action: str, of: Any = None) -> None:
    page.tables._receive(None, {"type": action, "of": of}, [])


async def test_page_shows_queue_workers_and_dead_letters(page: Operations) -> None:
    assert tiles(page, "queue") == {"Waiting": "0", "Running": "1", "Failed for good": "1"}
    assert tiles(page, "statistics")["Success rate"] == "75.0%"
    assert page.tables.shown["workers"] == [["here:1", "7 jobs", "165 MB", "idle"]]
    assert [row["why"] for row in page.tables.shown["dead"]] == ["It vanished."]


async def test_its_charts_show_the_statistics(page: Operations) -> None:
    noon_ms = NOON.timestamp() * 1000
    assert page.charts.outcomes == {
        "at": [noon_ms],
        "succeeded": [3],
        "failed": [0],
        "dead": [1],
        "cancelled": [0],
    }
    spread = [{"x": BOUNDS_S[20], "y": 3}, {"x": BOUNDS_S[21], "y": 1}]
    assert page.charts.durations == {"converting": spread, "waiting": spread}
    assert page.charts.errors == {"worker lost": 1}


async def test_scheduled_jobs_are_counted_separately(page: Operations) -> None:
    [waiting] = [tile for tile in page.head.shown["queue"] if tile["label"] == "Waiting"]
    assert (waiting["value"], waiting["more"]) == ("0", "5 scheduled")


async def test_page_is_refreshed(page: Operations, scripted: ScriptedAdministrator) -> None:
    scripted.due = 12
    await asyncio.sleep(0.3)
    assert tiles(page, "queue")["Waiting"] == "12"
    due = page.charts.queue["due"]
    assert (due[0], due[-1]) == (0, 12)


async def test_page_survives_an_outage_of_the_service(
    page: Operations, scripted: ScriptedAdministrator
) -> None:
    scripted.failure = errors.ServiceUnavailable(service="MongoDB")
    await asyncio.sleep(0.2)
    scripted.failure, scripted.due = None, 3
    await asyncio.sleep(0.2)
    assert tiles(page, "queue")["Waiting"] == "3"


async def test_buttons_call_the_service(page: Operations, scripted: ScriptedAdministrator) -> None:
    press(page, "requeue", "job-1")
    assert page.tables.shown["dead"] == []
    assert tiles(page, "queue")["Waiting"] == "1"
    press(page, "pause")
    assert page.head.shown["is_paused"]
    press(page, "hours", 168)
    assert (scripted.asked[-1], page.head.shown["hours"]) == (168, 168)


async def test_unused_links_are_listed_and_revoked(page: Operations, scripted: ScriptedAdministrator) -> None:
    rows = [(row["what"], row["whose"], row["maker"]) for row in page.tables.shown["links"]]
    assert rows == [
        ("Invitation", "anyone with the link", "the command line"),
        ("Password link", "bob@example.org", "ada@example.org"),
    ]
    press(page, "revoke_link", "link-1")
    assert [row["id"] for row in page.tables.shown["links"]] == ["link-2"]


async def test_failed_action_is_reported(page: Operations, scripted: ScriptedAdministrator) -> None:
    errors_shown: list[Any] = []
    page.notices.send = lambda content: errors_shown.append(content["text"])
    press(page, "requeue", "another")
    press(page, "requeue_all")
    assert errors_shown == ["There is no such dead letter.", "2 queued again; 1 could not be."]


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ({}, "Storage check: nothing missing, no orphans removed."),
        (
            {"missing_count": 1, "removed_files": 2, "removed_bytes": 5_000},
            "Storage check: 1 file missing (restore from a backup), 2 orphans removed (5 kB).",
        ),
    ],
)
def test_storage_check_is_described(result: dict[str, int], words: str) -> None:
    nothing = {"removed_files": 0, "removed_bytes": 0, "missing_count": 0}
    assert storage_text(StorageView(compared_at=NOON, **{**nothing, **result})) == words
