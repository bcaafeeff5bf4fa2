"""Finished jobs and unused sources expire; those requested again at that moment stay."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gifapp import errors
from gifapp.domain.job import JobState
from gifapp.domain.limits import Allowance
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import JobView, SourceView
from gifapp.jobs.db import job_store, leases, sources
from gifapp.jobs.db.documents import JobDocument, SourceDocument, utc_now
from gifapp.jobs.parts import JobParts
from tests.jobs.conftest import files_below, finish, stored_video

Upload = Callable[..., SourceView]

DAYS = 30
KEPT = timedelta(days=DAYS)
bounded = pytest.mark.parametrize("allowance", [Allowance(retention_days=DAYS)])
EXPIRING = [JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED]


def let_pass(past: timedelta = KEPT + timedelta(minutes=1)) -> datetime:
    """Age everything by this long; returns the expiry threshold."""
    for job in JobDocument.objects(finished_at__exists=True):
        JobDocument.objects(id=job.id).update(set__finished_at=job.finished_at - past)
    for source in SourceDocument.objects:
        SourceDocument.objects(id=source.id).update(set__used_at=source.used_at - past)
    return utc_now() - KEPT


def end(parts: JobParts, job: JobView, state: JobState) -> None:
    """End the one queued job this way."""
    if state == JobState.SUCCEEDED:
        assert finish(parts) == job.id
    elif state == JobState.CANCELLED:
        parts.jobs.cancel("ann", job.id)
    else:
        JobDocument.objects(id=job.id).update(set__max_attempts=1)
        claimed = leases.claim("ann", worker="here", lease_s=30)
        assert claimed is not None
        failure = errors.SourceDamaged() if state == JobState.FAILED else errors.WorkerLost()
        leases.fail(leases.attempt_of(claimed), failure)
    assert parts.jobs.find("ann", job.id).state == state


@bounded
@pytest.mark.parametrize("state", EXPIRING)
def test_finished_job_expires_with_its_files_and_its_owner_is_notified(
    parts: JobParts, job: JobView, storage: Path, state: JobState
) -> None:
    end(parts, job, state)
    parts.sweep()
    assert parts.jobs.find("ann", job.id).state == state
    let_pass()
    start = parts.events.latest("ann")
    parts.sweep()
    assert parts.jobs.page("ann").jobs == []
    assert parts.sources.page("ann").sources == []
    assert files_below(storage) == set()
    assert job.source
    events = parts.events.since("ann", start)
    assert events is not None
    assert [(event.type, event.id) for event in events] == [
        ("job.deleted", job.id),
        ("source.deleted", job.source.id),
    ]


@bounded
@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.RUNNING, JobState.DEAD])
def test_unfinished_jobs_and_dead_letters_keep_their_sources(
    parts: JobParts, job: JobView, state: JobState
) -> None:
    if state == JobState.RUNNING:
        leases.claim("ann", worker="here", lease_s=30)
    elif state == JobState.DEAD:
        end(parts, job, state)
    let_pass()
    parts.sweep()
    remaining = parts.jobs.find("ann", job.id)
    assert remaining.state == state
    assert remaining.source
    assert (remaining.expires_at, remaining.source.expires_at) == (None, None)


def test_nothing_expires_without_the_setting(parts: JobParts, job: JobView) -> None:
    finish(parts)
    let_pass(timedelta(days=10_000))
    parts.sweep()
    remaining = parts.jobs.find("ann", job.id)
    assert remaining.source
    assert (remaining.expires_at, remaining.source.expires_at) == (None, None)


@bounded
def test_source_stays_as_long_as_the_last_job_that_refers_to_it(parts: JobParts, upload: Upload) -> None:
    source, unused = upload(), upload(name="unused.mp4")
    job = parts.submission.submit("ann", source.id, Recipe())
    let_pass()
    finish(parts)
    parts.sweep()
    assert [source.id for source in parts.sources.page("ann").sources] == [source.id]
    # both sources have the same bytes
    assert stored_video(parts, "ann", source.id).exists()
    finished = parts.jobs.find("ann", job.id)
    assert finished.source
    assert finished.finished_at
    assert finished.expires_at == finished.source.expires_at == finished.finished_at + KEPT
    with pytest.raises(errors.NotFound):
        parts.sources.find("ann", unused.id)


@bounded
def test_expiry_time_is_reported(parts: JobParts, upload: Upload) -> None:
    source = upload()
    assert source.expires_at == source.created_at + KEPT
    start = parts.events.latest("ann")
    job = parts.submission.submit("ann", source.id, Recipe())
    assert job.source
    assert (job.expires_at, job.source.expires_at) == (None, None)
    cancelled = parts.jobs.cancel("ann", job.id)
    assert cancelled.finished_at
    assert cancelled.expires_at == cancelled.finished_at + KEPT
    assert [job.expires_at for job in parts.jobs.page("ann").jobs] == [cancelled.expires_at]
    assert [source.expires_at for source in parts.sources.page("ann").sources] == [cancelled.expires_at]
    events = parts.events.since("ann", start)
    assert events
    assert events[-1].job
    assert events[-1].job.expires_at == cancelled.expires_at


@bounded
def test_job_retried_while_it_expires_is_kept(parts: JobParts, job: JobView) -> None:
    parts.jobs.cancel("ann", job.id)
    before = let_pass()
    [expired] = job_store.expired_jobs(before, limit=9)
    parts.submission.retry("ann", job.id)
    assert job_store.remove_expired(expired, before) is None
    parts.jobs.cancel("ann", job.id)
    assert job_store.remove_expired(expired, before) is None
    assert parts.jobs.find("ann", job.id).state == JobState.CANCELLED


@bounded
def test_source_used_while_it_expires_is_kept(parts: JobParts, upload: Upload) -> None:
    source = upload()
    before = let_pass()
    assert sources.expired_sources(before, limit=9) == [source.id]
    # what submit does first, long before a job refers to the source
    sources.use_source("ann", source.id)
    assert sources.remove_expired(source.id, before) is None
    assert parts.submission.submit("ann", source.id, Recipe()).source


@bounded
def test_source_is_kept_from_its_last_submission(parts: JobParts, upload: Upload) -> None:
    source = upload()
    let_pass()
    job = parts.submission.submit("ann", source.id, Recipe())
    parts.jobs.delete("ann", job.id)
    parts.sweep()
    assert parts.sources.page("ann").sources


@bounded
def test_submission_after_the_expiry_is_refused(parts: JobParts, upload: Upload) -> None:
    source = upload()
    let_pass()
    parts.sweep()
    with pytest.raises(errors.NotFound, match="source"):
        parts.submission.submit("ann", source.id, Recipe())
    assert parts.jobs.page("ann").jobs == []


@bounded
def test_concurrent_submits_and_sweeps_leave_no_job_without_its_video(
    parts: JobParts, upload: Upload
) -> None:
    uploaded = [upload(name=f"{number}.mp4") for number in range(12)]
    let_pass()

    def submit(source: SourceView) -> JobView | None:
        try:
            return parts.submission.submit("ann", source.id, Recipe(fps=1 + uploaded.index(source)))
        except errors.NotFound:
            return None

    with ThreadPoolExecutor(4) as pool:
        sweeps = [pool.submit(parts.sweep) for _ in range(2)]
        submitted = [job for job in pool.map(submit, uploaded) if job]
        for sweep in sweeps:
            sweep.result()
    for job in submitted:
        assert parts.jobs.find("ann", job.id).source
    if submitted:
        assert stored_video(parts, "ann", parts.sources.page("ann").sources[0].id).exists()


@bounded
def test_concurrent_sweeps_report_each_removal_once(parts: JobParts, upload: Upload, storage: Path) -> None:
    source = upload()
    for fps in range(1, 9):
        parts.submission.submit("ann", source.id, Recipe(fps=fps))
        finish(parts)
    unexpired = upload("bob")
    theirs = SourceDocument.objects.get(id=unexpired.id).used_at
    let_pass()
    SourceDocument.objects(id=unexpired.id).update(set__used_at=theirs)
    start = parts.events.latest("ann")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: parts.sweep(), range(4)))
    parts.sweep()
    events = parts.events.since("ann", start)
    assert events is not None
    assert sorted(event.type for event in events) == ["job.deleted"] * 8 + ["source.deleted"]
    assert len(files_below(storage)) == 2  # bob's video, which has the same bytes as ann's, and its poster
    assert stored_video(parts, "bob", unexpired.id).exists()
