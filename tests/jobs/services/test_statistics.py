"""Statistics of recent jobs, aggregated from the documents."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from gifapp.domain.job import JobState
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import SourceView
from gifapp.jobs.db.documents import ErrorPart, JobDocument, SourceDocument, utc_now
from gifapp.jobs.parts import JobParts
from tests.jobs.conftest import GIF, finish

Ended = Callable[..., str]
HOUR = timedelta(hours=1)


@pytest.fixture
def ended(parts: JobParts, upload: Callable[..., SourceView]) -> Ended:
    """A job that ended this long ago in this state, after waiting and converting for so many seconds."""
    numbers = itertools.count()

    def ended(
        ago: timedelta,
        state: JobState = JobState.SUCCEEDED,
        *,
        waited_s: float = 1,
        took_s: float = 2,
        code: str | None = None,
        owner: str = "ann",
    ) -> str:
        parts.submission.submit(owner, upload(owner).id, Recipe(loop=next(numbers)))
        job_id = finish(parts, owner)
        started_at = utc_now() - ago - timedelta(seconds=took_s)
        changes: dict[str, Any] = {
            "state": state,
            "finished_at": utc_now() - ago,
            "started_at": started_at,
            "created_at": started_at - timedelta(seconds=waited_s),
            "error": ErrorPart(code=code, detail="x") if code else None,
        }
        JobDocument.objects(id=job_id).update(**{f"set__{name}": value for name, value in changes.items()})
        return job_id

    return ended


def test_ends_are_counted_per_step(parts: JobParts, ended: Ended) -> None:
    ended(timedelta(minutes=10))
    ended(timedelta(minutes=10))
    ended(timedelta(minutes=50), JobState.FAILED, code="source-gone")
    ended(timedelta(minutes=10), JobState.DEAD, code="worker-lost")
    ended(timedelta(minutes=5), JobState.CANCELLED)
    ended(timedelta(hours=2))
    statistics = parts.administration.statistics(HOUR)
    assert sum(step.succeeded for step in statistics.steps) == 2
    for state, minutes in (("succeeded", 10), ("failed", 50), ("dead", 10), ("cancelled", 5)):
        [step] = [step for step in statistics.steps if getattr(step, state)]
        assert (
            step.at
            <= utc_now() - timedelta(minutes=minutes)
            < step.at + timedelta(seconds=statistics.step_s + 5)
        )
    assert statistics.success_rate == 0.5
    assert [(error.code, error.count) for error in statistics.errors] == [
        ("source-gone", 1),
        ("worker-lost", 1),
    ]


def test_wait_and_conversion_times_have_distributions_and_slowest_jobs(parts: JobParts, ended: Ended) -> None:
    quick = [ended(timedelta(minutes=1), waited_s=0, took_s=0.001) for _ in range(10)]
    slow = ended(timedelta(minutes=1), waited_s=30, took_s=400)
    slowest = ended(timedelta(minutes=1), waited_s=30, took_s=1e6)
    ended(timedelta(minutes=1), JobState.FAILED, took_s=1000)
    statistics = parts.administration.statistics(HOUR)
    assert sum(statistics.converting.counts) == sum(statistics.waiting.counts) == 12
    assert statistics.converting.counts[0] == 10
    assert statistics.converting.counts[-1] == 1
    assert statistics.waiting.p95_s == pytest.approx(30, rel=0.13)
    assert [(job.id, round(job.seconds)) for job in statistics.slowest[:2]] == [(slowest, 1e6), (slow, 400)]
    assert {job.id for job in statistics.slowest[2:]} <= set(quick)
    assert len(statistics.slowest) == 10


def test_activity_of_users_is_summed(parts: JobParts, ended: Ended) -> None:
    ended(timedelta(minutes=1))
    ended(timedelta(minutes=1))
    ended(timedelta(minutes=1), owner="ben")
    ended(timedelta(hours=2), owner="cyd")
    SourceDocument.objects(owner="cyd").update(set__created_at=utc_now() - 2 * HOUR)
    statistics = parts.administration.statistics(HOUR)
    size_bytes = SourceDocument.objects.first().bytes
    assert (statistics.people, statistics.submitted, statistics.videos) == (2, 3, 3)
    assert (statistics.bytes_in, statistics.bytes_out) == (3 * size_bytes, 3 * len(GIF))


def test_statistics_of_nothing_are_zero(parts: JobParts) -> None:
    statistics = parts.administration.statistics(HOUR)
    assert (statistics.success_rate, statistics.people, statistics.bytes_out, statistics.slowest) == (
        None,
        0,
        0,
        [],
    )
    assert len(statistics.steps) == 48
