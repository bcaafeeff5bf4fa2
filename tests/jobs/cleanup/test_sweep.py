import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
import redis
from huey import PriorityRedisHuey

from gifapp import errors
from gifapp.domain.job import JobState, Progress
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import JobView, SourceView
from gifapp.jobs.db import leases
from gifapp.jobs.db.documents import LONG_AGO, JobDocument, utc_now
from gifapp.jobs.events.wakeups import make_queue
from gifapp.jobs.parts import JobParts
from gifapp.storage.blob import Blob
from tests.jobs.conftest import QUICK, ROOT, files_below
from tests.support.storages import blob_path


def claimed(job: JobView) -> leases.Attempt:
    document = leases.claim("ann", worker="lost:1", lease_s=-1)
    assert document is not None
    return leases.attempt_of(document)


def forget_hints() -> None:
    JobDocument.objects.update(set__notified_at=LONG_AGO)


def test_expired_lease_requeues_the_job_and_removes_its_files(parts: JobParts, job: JobView) -> None:
    attempt = claimed(job)
    (parts.blobs.workspace.root / "scratch" / attempt.key).mkdir()
    blob_path(parts.blobs, Blob("gif", attempt.key)).write_bytes(b"GIF89a")
    start = parts.events.latest("ann")
    parts.sweep()
    document = JobDocument.objects.get(id=job.id)
    assert (document.state, document.attempts, document.worker) == (JobState.QUEUED, 1, None)
    assert document.run_at > utc_now()
    assert not list((parts.blobs.workspace.root / "scratch").iterdir())
    assert not blob_path(parts.blobs, Blob("gif", attempt.key)).exists()
    events = parts.events.since("ann", start)
    assert events is not None
    assert [event.job.state for event in events if event.job] == [JobState.QUEUED]


def test_valid_lease_is_left_alone(parts: JobParts, job: JobView) -> None:
    leases.claim("ann", worker="alive:1", lease_s=30)
    parts.sweep()
    assert JobDocument.objects.get(id=job.id).state == JobState.RUNNING


def test_losing_the_last_attempt_makes_a_dead_letter(parts: JobParts, job: JobView) -> None:
    for _ in range(QUICK.max_attempts):
        JobDocument.objects(id=job.id).update(set__run_at=LONG_AGO)
        claimed(job)
        parts.sweep()
    dead = parts.jobs.find("ann", job.id)
    assert dead.state == JobState.DEAD
    assert dead.error is not None
    assert dead.error.code == "worker-lost"


def test_lost_job_with_a_pending_cancel_is_cancelled(parts: JobParts, job: JobView) -> None:
    claimed(job)
    assert parts.jobs.cancel("ann", job.id).state == JobState.RUNNING
    parts.sweep()
    assert JobDocument.objects.get(id=job.id).state == JobState.CANCELLED


@pytest.mark.parametrize(
    "write",
    [
        leases.cancel,
        leases.release,
        partial(leases.renew, lease_s=9, progress=Progress()),
        partial(leases.fail, error=errors.SourceGone()),
    ],
    ids=["give_in", "release", "renew", "fail"],
)
def test_lost_attempt_writes_nothing_after_the_sweep(
    parts: JobParts, job: JobView, write: Callable[[leases.Attempt], JobDocument | None]
) -> None:
    attempt = claimed(job)
    parts.sweep()
    before = JobDocument.objects.get(id=job.id)
    assert write(attempt) is None
    assert JobDocument.objects.get(id=job.id) == before


def test_wiped_redis_is_refilled_once(
    parts: JobParts, upload: Callable[..., SourceView], redis_url: str
) -> None:
    source = upload()
    for fps in range(1, 4):
        parts.submission.submit("ann", source.id, Recipe(fps=fps))
    assert parts.wakeups.waiting() == 3
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    sweep = replace(parts.sweep, timings=replace(QUICK, renotify_s=60))  # however slow this machine is
    sweep()
    assert parts.wakeups.waiting() == 0  # recently woken: a worker may already be on its way
    for _ in range(3):
        forget_hints()
        sweep()
        assert parts.wakeups.waiting() == 3


def test_scheduled_job_is_not_woken_early(parts: JobParts, job: JobView, redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    JobDocument.objects.update(set__notified_at=LONG_AGO, set__run_at=utc_now() + timedelta(minutes=1))
    parts.sweep()
    assert parts.wakeups.waiting() == 0


@pytest.fixture
def killed(worker_argv: Callable[[str], list[str]]) -> Callable[[str], None]:
    """Run a function of `tests.jobs.unfinished` in a process that is killed in the middle of it."""
    servers = worker_argv("")[3:6]

    def run(step: str) -> None:
        argv = [sys.executable, "-m", "tests.jobs.unfinished", *servers, step]
        assert subprocess.run(argv, check=False, cwd=ROOT).returncode == -signal.SIGKILL

    return run


@pytest.mark.parametrize("step", ["half_an_upload", "a_kept_video", "an_estimate"])
def test_leftovers_of_a_killed_web_server_are_removed(
    parts: JobParts, killed: Callable[[str], None], storage: Path, step: str
) -> None:
    killed(step)
    assert files_below(storage)
    parts.sweep()
    assert files_below(storage)  # too recent: it may not be locked yet
    age(storage)
    parts.sweep()
    assert files_below(storage) == set()


def test_orphaned_upload_is_removed_without_the_video_that_others_share(
    parts: JobParts, upload: Callable[..., SourceView], killed: Callable[[str], None], storage: Path
) -> None:
    killed("a_kept_video")
    upload()
    files = files_below(storage / "sources") | files_below(storage / "posters")
    age(storage)
    parts.sweep()
    assert files_below(storage / "sources") | files_below(storage / "posters") == files
    assert not list((storage / "incoming").iterdir())


def test_upload_held_by_a_process_stays_however_old(parts: JobParts, storage: Path) -> None:
    with parts.sources.incoming("ann") as incoming:
        incoming.write(b"half")
        age(storage)
        parts.sweep()
        assert incoming.path.exists()


def test_orphaned_gif_is_removed_with_its_scratch_directory(
    parts: JobParts, job: JobView, killed: Callable[[str], None], storage: Path
) -> None:
    killed("an_attempt_before_its_settle")
    age(storage)
    parts.sweep()
    assert len(list((storage / "gifs").iterdir())) == 1  # its lease is valid
    JobDocument.objects(id=job.id).update(set__state=JobState.DEAD)  # as if the sweep had been killed, too
    parts.sweep()
    assert not list((storage / "gifs").iterdir())
    assert not list((storage / "scratch").iterdir())


def test_gif_of_a_worker_that_died_after_settling_stays(
    parts: JobParts, job: JobView, killed: Callable[[str], None], storage: Path
) -> None:
    killed("an_attempt_after_its_settle")
    age(storage)
    parts.sweep()
    assert blob_path(parts.blobs, parts.jobs.gif("ann", job.id).blob).exists()
    assert not list((storage / "scratch").iterdir())


def age(storage: Path) -> None:
    """Pretend that nothing was touched for an hour."""
    past = time.time() - 3600
    for folder in ("incoming", "scratch"):
        for path in (storage / folder).rglob("*"):
            os.utime(path, (past, past))


def test_forged_message_is_not_unpickled(parts: JobParts, redis_url: str, tmp_path: Path) -> None:
    forger = PriorityRedisHuey("gifapp", url=redis_url, results=False)
    forger.storage.enqueue(forger.serializer.serialize(Trap(tmp_path / "sprung")))
    with pytest.raises(ValueError, match=r"[Ss]eparator|[Ss]ignature"):
        parts.wakeups.huey.dequeue()
    assert not (tmp_path / "sprung").exists()
    forger.storage.pool.disconnect()


def test_message_signed_with_another_secret_is_refused(redis_url: str) -> None:
    ours, theirs = (make_queue(redis_url, secret) for secret in (b"ours" * 8, b"theirs" * 8))
    theirs.storage.enqueue(theirs.serializer.serialize("hello"))
    with pytest.raises(ValueError, match=r"[Ss]ignature"):
        ours.dequeue()
    for queue in (ours, theirs):
        queue.storage.pool.disconnect()


class Trap:
    """Touches a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)
