import os
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
import redis
from huey import PriorityRedisHuey

from gifapp import errors
from gifapp.domain.job import JobState, Progress
from gifapp.domain.recipe import Recipe
from gifapp.domain.views import JobView, SourceView
from gifapp.jobs import leases
from gifapp.jobs.documents import LONG_AGO, JobDocument, utc_now
from gifapp.jobs.parts import JobParts
from tests.jobs.conftest import QUICK


def claimed(job: JobView) -> leases.Attempt:
    document = leases.claim("ann", worker="lost:1", lease_s=-1)
    assert document is not None
    return leases.attempt_of(document)


def forget_hints() -> None:
    JobDocument.objects.update(set__hint_at=LONG_AGO)


def test_an_expired_lease_is_taken_back_with_its_files(parts: JobParts, job: JobView) -> None:
    attempt = claimed(job)
    (parts.blobs.root / "scratch" / attempt.key).mkdir()
    parts.blobs.gif_path(attempt.key).write_bytes(b"GIF89a")
    start = parts.events.latest("ann")
    parts.service.sweep()
    document = JobDocument.objects.get(id=job.id)
    assert (document.state, document.attempts, document.worker) == (JobState.QUEUED, 1, None)
    assert document.run_at > utc_now()
    assert not list((parts.blobs.root / "scratch").iterdir())
    assert not parts.blobs.gif_path(attempt.key).exists()
    told = parts.events.since("ann", start)
    assert told is not None
    assert [event.job.state for event in told if event.job] == [JobState.QUEUED]


def test_a_lease_that_holds_is_left_alone(parts: JobParts, job: JobView) -> None:
    leases.claim("ann", worker="alive:1", lease_s=30)
    parts.service.sweep()
    assert JobDocument.objects.get(id=job.id).state == JobState.RUNNING


def test_the_last_attempt_that_is_lost_makes_the_job_dead(parts: JobParts, job: JobView) -> None:
    for _ in range(QUICK.max_attempts):
        JobDocument.objects(id=job.id).update(set__run_at=LONG_AGO)
        claimed(job)
        parts.service.sweep()
    dead = parts.service.job("ann", job.id)
    assert dead.state == JobState.DEAD
    assert dead.error is not None
    assert dead.error.code == "worker-lost"


def test_a_lost_job_that_somebody_cancelled_is_cancelled(parts: JobParts, job: JobView) -> None:
    claimed(job)
    assert parts.service.cancel("ann", job.id).state == JobState.RUNNING
    parts.service.sweep()
    assert JobDocument.objects.get(id=job.id).state == JobState.CANCELLED


@pytest.mark.parametrize(
    "write",
    [
        leases.give_in,
        leases.release,
        partial(leases.renew, lease_s=9, progress=Progress()),
        partial(leases.fail, error=errors.SourceGone()),
    ],
    ids=["give_in", "release", "renew", "fail"],
)
def test_after_the_sweep_the_lost_attempt_writes_nothing(
    parts: JobParts, job: JobView, write: Callable[[leases.Attempt], JobDocument | None]
) -> None:
    attempt = claimed(job)
    parts.service.sweep()
    before = JobDocument.objects.get(id=job.id)
    assert write(attempt) is None
    assert JobDocument.objects.get(id=job.id) == before


def test_a_wiped_redis_is_filled_again_but_not_over_and_over(
    parts: JobParts, upload: Callable[..., SourceView], redis_url: str
) -> None:
    source = upload()
    for fps in range(1, 4):
        parts.service.submit("ann", source.id, Recipe(fps=fps))
    assert parts.doorbell.waiting() == 3
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    parts.service.sweep()
    assert parts.doorbell.waiting() == 0  # they rang a moment ago: somebody may be on the way
    for _ in range(3):
        forget_hints()
        parts.service.sweep()
        assert parts.doorbell.waiting() == 3


def test_nobody_rings_for_a_job_that_waits_for_its_time(
    parts: JobParts, job: JobView, redis_url: str
) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    JobDocument.objects.update(set__hint_at=LONG_AGO, set__run_at=utc_now() + timedelta(minutes=1))
    parts.service.sweep()
    assert parts.doorbell.waiting() == 0


def test_what_nobody_touched_for_long_is_removed(parts: JobParts) -> None:
    old, new = (parts.blobs.root / folder for folder in ("incoming/old", "scratch/new"))
    for directory in (old, new):
        directory.mkdir()
        (directory / "video").write_bytes(b"half")
    past = time.time() - 7 * 3600
    for path in (old / "video", old):
        os.utime(path, (past, past))
    parts.service.sweep()
    assert not old.exists()
    assert new.exists()


def test_a_forged_message_is_not_even_unpacked(parts: JobParts, redis_url: str, tmp_path: Path) -> None:
    forger = PriorityRedisHuey("gifapp", url=redis_url, results=False)
    forger.storage.enqueue(forger.serializer.serialize(Trap(tmp_path / "sprung")))
    with pytest.raises(ValueError, match=r"[Ss]eparator|[Ss]ignature"):
        parts.doorbell.huey.dequeue()
    assert not (tmp_path / "sprung").exists()
    forger.storage.pool.disconnect()


class Trap:
    """Touches a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return Path.touch, (self.path,)
