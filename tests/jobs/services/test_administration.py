"""Administrators' operations on the queue and on jobs of all owners."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from gifapp import errors
from gifapp.domain.job import JobState
from gifapp.domain.job_query import JobQuery
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import JobView, SourceView
from gifapp.jobs.db import leases, workers
from gifapp.jobs.db.documents import JobDocument, utc_now
from gifapp.jobs.parts import JobParts
from gifapp.processes import wait_until
from tests.jobs.conftest import Process, files_below, skip_the_wait

Upload = Callable[..., SourceView]
Bury = Callable[..., JobView]
CRASHES = [errors.ConversionCrashed(reason="the first"), errors.WorkerLost()]


@pytest.fixture
def bury(parts: JobParts, upload: Upload) -> Bury:
    """A job without attempts left."""

    def bury(owner: str = "ann", fps: float = 10.0) -> JobView:
        job = parts.submission.submit(owner, upload(owner).id, Recipe(fps=fps))
        for crash in CRASHES:
            skip_the_wait(job)
            claimed = leases.claim(owner, worker="w", lease_s=30)
            assert claimed is not None
            leases.fail(leases.attempt_of(claimed), crash)
        return parts.jobs.find(owner, job.id)

    return bury


def events_of(parts: JobParts, owner: str, cursor: str) -> list[tuple[str, str | None]]:
    """An owner's events since the cursor: the type, and the state of the job."""
    events = parts.events.since(owner, cursor)
    assert events is not None
    return [(event.type, event.job.state.value if event.job else None) for event in events]


def test_status_covers_the_whole_queue(parts: JobParts, upload: Upload, bury: Bury) -> None:
    bury("bob")
    source = upload()
    running, waiting = (parts.submission.submit("ann", source.id, Recipe(fps=fps)) for fps in (1, 2))
    parts.submission.submit("ann", source.id, Recipe(fps=3), run_at=utc_now() + timedelta(hours=1))
    JobDocument.objects(id=running.id).update(set__rank_at=utc_now() - timedelta(hours=1))
    leases.claim("ann", worker="w", lease_s=30)
    JobDocument.objects(id=waiting.id).update(set__run_at=utc_now() - timedelta(seconds=90))
    workers.report("w", jobs=0, memory_bytes=1)
    queue = parts.administration.queue()
    assert (queue.queued, queue.due, queue.running, queue.dead, queue.workers) == (2, 1, 1, 1, 1)
    assert queue.oldest_due_s == pytest.approx(90, abs=5)
    assert (queue.paused_at, queue.usual_s) == (None, None)


def test_paused_queue_has_its_start_time_and_no_estimated_wait(parts: JobParts, job: JobView) -> None:
    finish_one(parts)
    parts.submission.submit("ann", parts.sources.page("ann").sources[0].id, Recipe(fps=1))
    going = parts.jobs.page("ann", JobQuery(state=JobState.QUEUED)).jobs[0]
    assert (going.wait_s is None, going.is_paused) == (False, False)
    paused_at = parts.administration.pause().paused_at
    assert paused_at is not None
    assert parts.administration.pause().paused_at == paused_at
    paused = parts.jobs.page("ann", JobQuery(state=JobState.QUEUED)).jobs[0]
    assert (paused.wait_s, paused.is_paused) == (None, True)
    assert parts.administration.resume().paused_at is None


def finish_one(parts: JobParts) -> None:
    claimed = leases.claim("ann", worker="w", lease_s=30)
    assert claimed is not None
    settled = leases.fail(leases.attempt_of(claimed), errors.SourceDamaged())
    assert settled is not None
    JobDocument.objects(id=settled.id).update(set__state=JobState.SUCCEEDED)


def test_resumed_queue_wakes_due_jobs_at_once(parts: JobParts, upload: Upload) -> None:
    parts.administration.pause()
    source = upload()
    parts.submission.submit("ann", source.id, Recipe(fps=1))
    parts.submission.submit("ann", source.id, Recipe(fps=2), run_at=utc_now() + timedelta(hours=1))
    parts.wakeups.huey.storage.flush_queue()  # as if a worker had been woken and found the queue paused
    parts.administration.resume()
    assert parts.wakeups.waiting() == 1


def test_paused_queue_starts_nothing_until_resumed(
    parts: JobParts, job: JobView, start_worker: Callable[[str], Process]
) -> None:
    parts.administration.pause()
    start_worker("quick")
    assert wait_until(lambda: parts.administration.queue().workers == 1, timeout_s=20)
    assert not wait_until(lambda: parts.jobs.find("ann", job.id).state.is_final, timeout_s=1)
    parts.administration.resume()
    assert wait_until(lambda: parts.jobs.find("ann", job.id).state == JobState.SUCCEEDED, timeout_s=10)


def test_worker_is_listed_with_its_job(parts: JobParts, job: JobView) -> None:
    workers.report("idle", jobs=3, memory_bytes=5)
    workers.report("busy", jobs=0, memory_bytes=7)
    leases.claim("ann", worker="busy", lease_s=30)
    seen = {
        worker.name: (worker.jobs, worker.memory_bytes, worker.job_id)
        for worker in parts.administration.workers()
    }
    assert seen == {"idle": (3, 5, None), "busy": (0, 7, job.id)}


def test_dead_letter_lists_its_attempts(parts: JobParts, bury: Bury) -> None:
    job = bury()
    letter = parts.administration.dead_letter(job.id)
    assert (letter.owner_id, letter.source_name, letter.attempts) == ("ann", "clip.mp4", 2)
    assert [(error.code, error.detail, error.attempt) for error in letter.errors] == [
        (crash.code, str(crash), number) for number, crash in enumerate(CRASHES, 1)
    ]
    assert letter.recipe == Recipe(fps=10.0)
    assert list(letter.errors) == parts.jobs.find("ann", job.id).errors
    assert all(error.at is not None for error in letter.errors)


def test_dead_letters_of_all_owners_are_paged_newest_first(parts: JobParts, bury: Bury) -> None:
    buried = [bury("ann", 1), bury("bob", 2), bury("ann", 3)]
    seen: list[str] = []
    cursor = None
    for _ in range(2):
        page = parts.administration.jobs(state=JobState.DEAD, limit=2, cursor=cursor)
        seen += [job.id for job in page.jobs]
        assert all(job.recipe is None for job in page.jobs)
        cursor = page.next_cursor
    assert (seen, cursor) == ([job.id for job in reversed(buried)], None)
    of_bob = parts.administration.jobs(state=JobState.DEAD, owner_id="bob")
    assert [job.id for job in of_bob.jobs] == [buried[1].id]
    with pytest.raises(errors.FieldInvalid, match="cursor"):
        parts.administration.jobs(cursor="x")


def test_requeued_dead_letter_has_all_attempts_and_its_owner_is_notified(parts: JobParts, bury: Bury) -> None:
    job = bury()
    parts.wakeups.huey.storage.flush_queue()
    cursor = parts.events.latest("ann")
    queued = parts.administration.requeue(job.id)
    assert (queued.state, queued.attempts, len(queued.errors)) == (JobState.QUEUED, 0, 2)
    assert events_of(parts, "ann", cursor) == [("job.changed", "queued")]
    assert parts.wakeups.waiting() == 1
    with pytest.raises(errors.NotFound, match="dead letter"):
        parts.administration.requeue(job.id)


def test_dead_letter_that_cannot_run_again_is_skipped(parts: JobParts, bury: Bury) -> None:
    gone, twin, good = bury("ann", 1), bury("ann", 2), bury("bob", 3)
    assert gone.source
    assert twin.source
    parts.submission.submit("ann", twin.source.id, twin.recipe)
    parts.sources.delete("ann", gone.source.id)
    with pytest.raises(errors.SourceGone):
        parts.administration.requeue(gone.id)
    with pytest.raises(errors.JobRepeated):
        parts.administration.requeue(twin.id)
    result = parts.administration.requeue_all()
    assert (result.requeued, result.left) == (1, 2)
    assert parts.jobs.find("bob", good.id).state == JobState.QUEUED


def test_purged_dead_letter_leaves_no_file_and_its_owner_is_notified(
    parts: JobParts, bury: Bury, storage: Path
) -> None:
    job = bury()
    before = files_below(storage)
    key = leases.attempt_of(JobDocument.objects.get(id=job.id)).key
    with parts.blobs.workspace.scratch(key) as directory:
        (directory / "gif").write_bytes(b"GIF89a")
        parts.blobs.keep_gif(directory / "gif", key)
    cursor = parts.events.latest("ann")
    parts.administration.purge(job.id)
    assert files_below(storage) == before
    assert events_of(parts, "ann", cursor) == [("job.deleted", None)]
    with pytest.raises(errors.NotFound):
        parts.jobs.find("ann", job.id)
    with pytest.raises(errors.NotFound, match="dead letter"):
        parts.administration.purge(job.id)


def test_only_old_dead_letters_are_purged(parts: JobParts, bury: Bury) -> None:
    old, new = bury("ann"), bury("bob")
    JobDocument.objects(id=old.id).update(set__finished_at=utc_now() - timedelta(days=8))
    assert parts.administration.purge_all(older_than=timedelta(days=7)).purged == 1
    assert parts.administration.dead_letter(new.id).owner_id == "bob"
    assert parts.administration.purge_all().purged == 1
    assert parts.administration.jobs().jobs == []


@pytest.mark.parametrize("verb", ["dead_letter", "requeue", "purge"])
def test_queued_job_is_no_dead_letter(parts: JobParts, job: JobView, verb: str) -> None:
    with pytest.raises(errors.NotFound, match="dead letter"):
        getattr(parts.administration, verb)(job.id)
    assert parts.jobs.find("ann", job.id).state == JobState.QUEUED
    assert parts.administration.purge_all().purged == 0


def test_any_job_is_cancelled_and_retried_as_by_its_owner(parts: JobParts, job: JobView) -> None:
    cursor = parts.events.latest("ann")
    assert parts.administration.cancel(job.id).state == JobState.CANCELLED
    assert parts.administration.retry(job.id).state == JobState.QUEUED
    assert events_of(parts, "ann", cursor) == [("job.changed", "cancelled"), ("job.changed", "queued")]
    with pytest.raises(errors.NotFound, match="job"):
        parts.administration.cancel("nothing")
