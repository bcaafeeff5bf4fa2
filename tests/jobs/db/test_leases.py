from collections.abc import Callable

import pytest

from gifapp import errors
from gifapp.domain.job import JobState
from gifapp.domain.views.jobs import JobView
from gifapp.jobs.db import leases
from gifapp.jobs.db.documents import JobDocument
from gifapp.jobs.parts import JobParts

CRASH = errors.ConversionCrashed(reason="a test")

End = Callable[[leases.Attempt], JobDocument | None]


def lose(attempt: leases.Attempt) -> JobDocument | None:
    JobDocument.objects(id=attempt.job_id).update(set__lease_until=JobDocument.objects.first().created_at)
    (lost,) = leases.expired()
    return leases.take_back(lost)


@pytest.mark.parametrize(
    "end",
    [leases.release, lambda attempt: leases.fail(attempt, CRASH), lose],
    ids=["release", "fail", "lose"],
)
def test_requested_cancel_outlives_its_attempt(end: End, parts: JobParts, job: JobView) -> None:
    claimed = leases.claim("ann", worker="w", lease_s=30)
    assert claimed is not None
    assert parts.jobs.cancel("ann", job.id).state == JobState.RUNNING
    ended = end(leases.attempt_of(claimed))
    assert ended is not None
    assert ended.state == JobState.CANCELLED
    assert leases.claim("ann", worker="w", lease_s=30) is None


def test_claim_clears_the_previous_error(job: JobView) -> None:
    first = leases.claim("ann", worker="w", lease_s=30)
    assert first is not None
    waiting = leases.fail(leases.attempt_of(first), CRASH)
    assert waiting is not None
    assert waiting.error.code == "conversion-crashed"
    JobDocument.objects(id=job.id).update(set__run_at=waiting.created_at)
    second = leases.claim("ann", worker="w", lease_s=30)
    assert second is not None
    assert second.error is None
    assert len(second.errors) == 1
