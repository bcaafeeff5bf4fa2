"""Deleted items disappear at once, can be restored for a while, and then leave nothing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from gifapp import errors
from gifapp.domain.job import JobState
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import JobView, SourceView
from gifapp.jobs.cleanup.purge import Purge
from gifapp.jobs.db import leases
from gifapp.jobs.db.documents import GifPart, JobDocument, SourceDocument
from gifapp.jobs.parts import JobParts
from tests.jobs.conftest import QUICK, files_below, finish, purge

Upload = Callable[..., SourceView]


@pytest.fixture
def made(parts: JobParts, job: JobView) -> JobView:
    """A finished job of Ann's."""
    finish(parts)
    return parts.jobs.find("ann", job.id)


def test_deleted_job_is_in_no_list_and_is_restored_whole(parts: JobParts, made: JobView) -> None:
    parts.jobs.delete("ann", made.id)
    assert parts.jobs.page("ann").total == 0
    assert parts.administration.jobs().jobs == []
    for ask in (parts.jobs.find, parts.jobs.gif, parts.jobs.still, parts.jobs.delete, parts.submission.retry):
        with pytest.raises(errors.NotFound):
            ask("ann", made.id)
    assert parts.jobs.restore("ann", made.id) == made
    assert parts.jobs.page("ann").jobs == [made]
    purge(parts)
    assert parts.jobs.gif("ann", made.id).bytes


def test_restoring_a_job_that_was_not_deleted_changes_nothing(parts: JobParts, made: JobView) -> None:
    assert parts.jobs.restore("ann", made.id) == made


def test_purged_job_leaves_nothing_and_cannot_be_restored(
    parts: JobParts, made: JobView, storage: Path
) -> None:
    parts.jobs.delete("ann", made.id)
    made_files = [*(storage / "gifs").iterdir(), *(storage / "stills").iterdir()]
    assert len(made_files) == 2
    purge(parts)
    assert not any(path.exists() for path in made_files)
    assert JobDocument.with_deleted.count() == 0
    with pytest.raises(errors.NotFound, match="no such job"):
        parts.jobs.restore("ann", made.id)


def test_deletion_can_be_undone_within_the_configured_time(parts: JobParts, made: JobView) -> None:
    parts.jobs.delete("ann", made.id)
    Purge(parts.blobs, undo_s=30)()
    assert parts.jobs.restore("ann", made.id) == made


def test_sweep_purges(build_parts: Callable[..., JobParts], upload: Upload) -> None:
    source = upload()
    with build_parts(timings=replace(QUICK, undo_s=-1)) as parts:
        parts.sources.delete("ann", source.id)
        parts.sweep()
        assert SourceDocument.with_deleted.count() == 0


def test_concurrent_restore_and_purge_have_one_winner(parts: JobParts, upload: Upload, storage: Path) -> None:
    def restored(job_id: str) -> bool:
        try:
            parts.jobs.restore("ann", job_id)
        except errors.NotFound:
            return False
        return True

    source = upload()
    for number in range(10):
        job = parts.submission.submit("ann", source.id, Recipe(fps=1 + number))
        finish(parts)
        parts.jobs.delete("ann", job.id)
        with ThreadPoolExecutor(2) as pool:
            purged, came_back = pool.submit(purge, parts), pool.submit(restored, job.id)
        purged.result()
        if came_back.result():
            assert parts.blobs.store.holds(parts.jobs.gif("ann", job.id).blob)
        else:
            assert JobDocument.with_deleted(id=job.id).first() is None
    assert len(list((storage / "gifs").iterdir())) == parts.jobs.page("ann").total


def test_deleted_running_job_is_stopped_and_restored_as_cancelled(parts: JobParts, job: JobView) -> None:
    claimed = leases.claim("ann", worker="w", lease_s=30, room=leases.Room(own=1))
    assert claimed is not None
    attempt = leases.attempt_of(claimed)
    parts.jobs.delete("ann", job.id)
    assert not leases.may_settle(attempt.key)
    gif = GifPart(key=attempt.key, bytes=1, width_px=1, height_px=1, frames=1, duration_s=1.0)
    assert leases.succeed(attempt, gif) is None
    restored = parts.jobs.restore("ann", job.id)
    assert (restored.state, restored.gif) == (JobState.CANCELLED, None)
    assert parts.submission.retry("ann", job.id).state == JobState.QUEUED
    assert leases.claim("ann", worker="w", lease_s=30, room=leases.Room(own=1)) is not None


def test_submission_does_not_return_a_deleted_job(parts: JobParts, upload: Upload) -> None:
    source = upload()
    first = parts.submission.submit("ann", source.id, Recipe(), idempotency_key="k")
    parts.jobs.delete("ann", first.id)
    again = parts.submission.submit("ann", source.id, Recipe(), idempotency_key="k")
    assert (again.id != first.id, again.is_repeat) == (True, False)
    assert parts.jobs.restore("ann", first.id).state == JobState.CANCELLED


def test_deleted_video_is_restored_with_its_file(parts: JobParts, upload: Upload, storage: Path) -> None:
    source = upload()
    parts.sources.delete("ann", source.id)
    assert parts.sources.page("ann").sources == []
    for ask in (parts.sources.find, parts.sources.poster, parts.sources.delete):
        with pytest.raises(errors.NotFound):
            ask("ann", source.id)
    with pytest.raises(errors.NotFound):
        parts.submission.submit("ann", source.id, Recipe())
    assert parts.sources.restore("ann", source.id) == source
    parts.sources.delete("ann", source.id)
    purge(parts)
    assert files_below(storage) == set()
    with pytest.raises(errors.NotFound, match="no such source"):
        parts.sources.restore("ann", source.id)


def test_deleted_account_purges_its_deleted_items_at_once(
    parts: JobParts, made: JobView, storage: Path
) -> None:
    assert made.source
    parts.jobs.delete("ann", made.id)
    parts.sources.delete("ann", made.source.id)
    parts.delete_account("ann")
    assert (JobDocument.with_deleted.count(), SourceDocument.with_deleted.count()) == (0, 0)
    assert files_below(storage) == set()
    with pytest.raises(errors.NotFound):
        parts.jobs.restore("ann", made.id)


def test_every_deletion_and_restoration_is_published(parts: JobParts, made: JobView) -> None:
    assert made.source
    since = parts.events.latest("ann")
    parts.jobs.delete("ann", made.id)
    parts.jobs.restore("ann", made.id)
    parts.sources.delete("ann", made.source.id)
    parts.sources.restore("ann", made.source.id)
    event_types = [event.type for event in parts.events.since("ann", since) or []]
    assert event_types == [
        "job.deleted",
        "job.changed",
        "source.deleted",
        "source.created",
    ]
