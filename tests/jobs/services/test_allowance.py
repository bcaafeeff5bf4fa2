"""Limits per user: running jobs, and jobs per hour."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from gifapp import errors
from gifapp.domain.job import JobState
from gifapp.domain.limits import Allowance
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import JobView, SourceView
from gifapp.jobs.db import leases
from gifapp.jobs.db.documents import JobDocument, OwnerDocument
from gifapp.jobs.db.scheduling import claim_next
from gifapp.jobs.parts import JobParts
from tests.jobs.conftest import skip_the_wait

Upload = Callable[..., SourceView]


def claim(parts: JobParts) -> JobDocument | None:
    return claim_next(worker="here", lease_s=30, max_running=parts.allowance.running)


@pytest.mark.parametrize("allowance", [Allowance(running=2)])
def test_running_jobs_per_user_are_limited_while_others_are_served(parts: JobParts, upload: Upload) -> None:
    source = upload("ann")
    for fps in range(1, 5):
        parts.submission.submit("ann", source.id, Recipe(fps=fps))
    first, second = claim(parts), claim(parts)
    assert first
    assert second
    assert claim(parts) is None
    theirs = parts.submission.submit("bob", upload("bob").id, Recipe())
    served = claim(parts)
    assert served
    assert served.id == theirs.id
    leases.cancel(leases.attempt_of(first))
    freed = claim(parts)
    assert freed
    assert freed.owner == "ann"
    assert claim(parts) is None
    assert JobDocument.objects(owner="ann", state=JobState.RUNNING).count() == 2


@pytest.mark.parametrize("allowance", [Allowance(running=2)])
def test_concurrent_claims_for_one_owner_stay_within_the_limit(parts: JobParts, upload: Upload) -> None:
    source = upload("ann")
    for fps in range(1, 13):
        parts.submission.submit("ann", source.id, Recipe(fps=fps))
    together = Barrier(6)

    def claim_with_others(_: int) -> JobDocument | None:
        together.wait()
        return claim(parts)

    for _ in range(5):  # each ended job frees a slot
        with ThreadPoolExecutor(6) as pool:
            running = [job for job in pool.map(claim_with_others, range(6)) if job]
        assert len(running) == 2
        for job in running:
            leases.cancel(leases.attempt_of(job))


@pytest.mark.parametrize("allowance", [Allowance(running=1)])
def test_lost_or_released_job_frees_its_slot(parts: JobParts, job: JobView) -> None:
    for give_back in (leases.release, lambda _: parts.sweep()):
        claimed = claim_next(worker="here", lease_s=-1, max_running=1)
        assert claimed
        give_back(leases.attempt_of(claimed))
        skip_the_wait(job)
    assert claim(parts)


@pytest.mark.parametrize("allowance", [Allowance(jobs_per_hour=2)])
def test_jobs_per_hour_are_limited_per_user(parts: JobParts, upload: Upload) -> None:
    source = upload("ann")
    for fps in (1, 2):
        parts.submission.submit("ann", source.id, Recipe(fps=fps))
    with pytest.raises(errors.TooManyJobs, match="2 jobs in the last hour"):
        parts.submission.submit("ann", source.id, Recipe(fps=3))
    assert parts.submission.submit("ann", source.id, Recipe(fps=2)).is_repeat
    parts.submission.submit("bob", upload("bob").id, Recipe())
    began = OwnerDocument.objects.get(id="ann").hour
    OwnerDocument.objects(id="ann").update(set__hour=began - timedelta(hours=1))
    parts.submission.submit("ann", source.id, Recipe(fps=3))
    assert len(parts.jobs.page("ann").jobs) == 3
