"""Compares storage with the documents: removes orphans, keeps referenced files, reports missing ones."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from structlog.testing import capture_logs

from gifapp.domain.views.administration import MissingFileView
from gifapp.domain.views.jobs import JobView, SourceView
from gifapp.jobs.cleanup import consistency
from gifapp.jobs.cleanup.consistency import Housekeeping
from gifapp.jobs.db import leases, sources
from gifapp.jobs.db.documents import (
    GifPart,
    HousekeepingDocument,
    MissingPart,
    SourceDocument,
    new_id,
    utc_now,
)
from gifapp.jobs.parts import JobParts
from gifapp.processes import wait_until
from gifapp.storage.blob import Blob
from tests.jobs.conftest import GIF, QUICK, files_below, finish, stored_video
from tests.support.storages import blob_path

Upload = Callable[..., SourceView]
DIGEST = "ab" + "0" * 62


def lay(path: Path, data: bytes = b"left over", *, age_s: float = 2 * 3600) -> Path:
    """A file that was written this long ago."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    then = time.time() - age_s
    os.utime(path, (then, then))
    return path


def age_all(storage: Path) -> None:
    for name in files_below(storage):
        os.utime(storage / name, (1, 1))


def clock_forward(seconds: float) -> None:
    """Move the time of the last comparison into the past."""
    due = HousekeepingDocument.objects.get().next_at
    HousekeepingDocument.objects.update(set__next_at=due - timedelta(seconds=seconds))


def test_old_orphaned_files_are_removed_and_counted(parts: JobParts, upload: Upload, storage: Path) -> None:
    upload()
    named = files_below(storage)
    lay(blob_path(parts.blobs, Blob("source", DIGEST)))
    lay(blob_path(parts.blobs, Blob("poster", DIGEST)))
    for kind in ("gif", "still"):
        lay(blob_path(parts.blobs, Blob(kind, f"{new_id()}-1")))
    age_all(storage)
    parts.housekeeping()
    assert files_below(storage) == named
    report = consistency.last_report()
    assert report is not None
    assert (report.removed_files, report.removed_bytes) == (4, 4 * len(b"left over"))
    assert (report.missing_count, report.missing) == (0, ())
    assert utc_now() - report.compared_at < timedelta(minutes=1)


def test_recent_files_and_foreign_files_stay(parts: JobParts, upload: Upload, storage: Path) -> None:
    upload()
    lay(blob_path(parts.blobs, Blob("source", DIGEST)), age_s=3000)
    lay(blob_path(parts.blobs, Blob("gif", f"{new_id()}-1")), age_s=3000)
    lay(storage / "gifs" / "holiday.gif")
    lay(storage / "sources" / "ab" / "thesis.pdf")
    lay(storage / "incoming" / "upload" / "video")
    lay(storage / "scratch" / f"{new_id()}-1" / "gif")
    before = files_below(storage)
    parts.housekeeping()
    assert files_below(storage) == before


def test_referenced_files_stay_however_old(parts: JobParts, job: JobView, storage: Path) -> None:
    finish(parts)
    age_all(storage)
    before = files_below(storage)
    assert len(before) == 4
    parts.housekeeping()
    assert files_below(storage) == before


def test_gif_of_an_attempt_that_may_still_settle_stays(parts: JobParts, job: JobView) -> None:
    """It is stored before its document refers to it, and MongoDB may be down in between."""
    claimed = leases.claim("ann", worker="here", lease_s=30)
    assert claimed is not None
    attempt = leases.attempt_of(claimed)
    gif = lay(blob_path(parts.blobs, Blob("gif", attempt.key)), GIF)
    parts.housekeeping()
    assert gif.exists()
    facts = {"bytes": 6, "width_px": 1, "height_px": 1, "frames": 1, "duration_s": 0.1}
    assert leases.succeed(attempt, GifPart(key=attempt.key, **facts))
    clock_forward(3601)
    parts.housekeeping()
    assert gif.exists()


def test_gif_of_an_attempt_that_lost_its_job_is_removed(parts: JobParts, job: JobView) -> None:
    claimed = leases.claim("ann", worker="lost", lease_s=30)
    assert claimed is not None
    earlier = leases.attempt_of(claimed)
    leases.release(earlier)
    leases.claim("ann", worker="here", lease_s=30)
    gif = lay(blob_path(parts.blobs, Blob("gif", earlier.key)), GIF)
    parts.housekeeping()
    assert not gif.exists()


def test_orphan_adopted_by_an_upload_stays(parts: JobParts, upload: Upload, video: bytes) -> None:
    """The upload finds the old file with the same bytes and holds the lock until its document exists."""
    document = SourceDocument.objects.get(id=upload("ann").id)
    path = lay(blob_path(parts.blobs, Blob("source", document.sha256)), video)
    document.delete()
    upload("eve", data=other_video(video))
    with ThreadPoolExecutor(1) as pool:
        with parts.blobs.store.exclusive():
            sweep = pool.submit(parts.housekeeping)
            time.sleep(0.5)
            assert path.exists()
            document.save(force_insert=True)
        sweep.result()
    assert path.exists()


def other_video(video: bytes) -> bytes:
    """The same video in other bytes, with an MP4 box that players skip."""
    return video + b"\x00\x00\x00\x0cfreeabcd"


def test_concurrent_uploads_and_comparisons_lose_no_video(
    parts: JobParts, upload: Upload, storage: Path
) -> None:
    eager = Housekeeping(parts.blobs, replace(QUICK, orphan_s=-1))
    upload("eve")
    with ThreadPoolExecutor(4) as pool:
        sweeps = [pool.submit(lambda: [eager.compare() for _ in range(20)]) for _ in range(2)]
        for _ in range(6):
            parts.sources.delete("eve", parts.sources.page("eve").sources[0].id)
            unchanged = upload("eve")
            assert stored_video(parts, "eve", unchanged.id).exists()
        reports = [report for sweep in sweeps for report in sweep.result()]
    assert {report.missing_count for report in reports} == {0}
    assert len(files_below(storage)) == 2


def test_missing_files_are_reported(parts: JobParts, job: JobView) -> None:
    finish(parts)
    source = SourceDocument.objects.get()
    blob_path(parts.blobs, Blob("source", source.sha256)).unlink()
    blob_path(parts.blobs, Blob("poster", source.sha256)).unlink()
    blob_path(parts.blobs, parts.jobs.gif("ann", job.id).blob).unlink()
    with capture_logs() as logs:
        parts.housekeeping()
    missing = (
        MissingFileView(kind="source", id=source.id, owner_id="ann"),
        MissingFileView(kind="poster", id=source.id, owner_id="ann"),
        MissingFileView(kind="gif", id=job.id, owner_id="ann"),
    )
    report = consistency.last_report()
    assert report is not None
    assert (report.missing_count, report.missing) == (3, missing)
    [warning] = [log for log in logs if log["log_level"] == "warning"]
    assert warning["count"] == 3
    assert warning["first"] == [f"{file.kind} {file.id}" for file in missing]


def test_long_report_is_truncated_but_counted(parts: JobParts, upload: Upload) -> None:
    video = sources.video_of(SourceDocument.objects.get(id=upload().id))
    for number in range(60):
        sources.add_source("ann", name="gone", size_bytes=1, sha256=f"{number:064d}", video=video)
    parts.housekeeping()
    report = consistency.last_report()
    assert report is not None
    assert (report.missing_count, len(report.missing)) == (120, 100)


def test_nothing_is_removed_beside_an_empty_database(parts: JobParts, storage: Path) -> None:
    """A full storage with an empty database more likely means a wrong address."""
    gif = lay(blob_path(parts.blobs, Blob("gif", f"{new_id()}-1")))
    parts.housekeeping()
    assert gif.exists()
    assert consistency.last_report() is not None


def test_one_of_many_processes_compares_once_an_hour(parts: JobParts) -> None:
    assert consistency.last_report() is None
    with capture_logs() as logs:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: parts.housekeeping(), range(8)))
        assert [log["event"] for log in logs] == ["storage checked"]
        clock_forward(3590)
        parts.housekeeping()
        assert len(logs) == 1
        clock_forward(10)
        parts.housekeeping()
        assert len(logs) == 2


def test_worker_compares_when_it_is_due(parts: JobParts, start_worker: Callable[[str], object]) -> None:
    start_worker("quick")
    assert wait_until(lambda: consistency.last_report() is not None, timeout_s=30)


def test_report_replaces_the_previous_one(parts: JobParts, upload: Upload) -> None:
    upload()
    parts.housekeeping()
    HousekeepingDocument.objects.update(
        set__missing_count=1, set__missing=[MissingPart(kind="gif", id="x", owner="ann")]
    )
    clock_forward(3601)
    parts.housekeeping()
    report = consistency.last_report()
    assert report is not None
    assert (report.missing_count, report.missing) == (0, ())
