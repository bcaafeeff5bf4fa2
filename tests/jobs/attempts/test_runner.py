import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from gifapp import errors
from gifapp.domain.job import JobState
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import Event, JobView
from gifapp.jobs.attempts.forkserver import ForkServer
from gifapp.jobs.db.documents import JobDocument
from gifapp.jobs.parts import JobParts
from gifapp.processes import wait_until
from gifapp.up.servers import running_mongod
from tests.jobs.attempts.conftest import Attempted, Run
from tests.jobs.conftest import QUICK, SECRET, files_below, is_running, skip_the_wait
from tests.support.storages import blob_path, storage_at


def has_helper() -> bool:
    """Whether the helper process of a slow conversion is alive."""
    living = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    return any("import time; time.sleep(600)" in cmdline for cmdline in living)


def test_attempt_produces_a_gif(parts: JobParts, run: Run, job: JobView, storage: Path) -> None:
    run("quick", job.id).ended()
    done = parts.jobs.find("ann", job.id)
    assert (done.state, done.attempts, done.error) == (JobState.SUCCEEDED, 1, None)
    assert done.gif is not None
    assert (done.gif.frames, done.gif.bytes, done.progress.fraction) == (3, 6, 1)
    assert done.gif.notes == ["To fit 1.0 MB: 8.3 fps (was 12.5)."]
    assert blob_path(parts.blobs, parts.jobs.gif("ann", job.id).blob).read_bytes() == b"GIF89a"
    assert not list((storage / "scratch").iterdir())


def test_only_one_of_many_claims_succeeds(run: Run, job: JobView) -> None:
    for attempt in [run("in_half_a_second", job.id) for _ in range(4)]:
        attempt.ended()
    document = JobDocument.objects.get(id=job.id)
    assert (document.state, document.token) == (JobState.SUCCEEDED, 1)


@pytest.mark.parametrize(
    ("converter", "state", "detail"),
    [
        ("refuses", JobState.FAILED, "codec (prores) is not supported"),
        ("eats_memory", JobState.FAILED, "exceeded its limit on memory or disk"),
        ("fills_the_disk", JobState.FAILED, "exceeded its limit on memory or disk"),
        ("fails_for_a_while", JobState.QUEUED, "Can't reach the weather"),
        ("raises_nonsense", JobState.QUEUED, "stopped unexpectedly (KeyError)"),
        ("dies", JobState.QUEUED, "stopped unexpectedly (killed by SIGKILL)"),
        ("looks_around", JobState.FAILED, "codec (True [] True False)"),
    ],
)
def test_converter_error_becomes_a_sentence(
    run: Run, job: JobView, converter: str, state: JobState, detail: str
) -> None:
    run(converter, job.id).ended()
    document = JobDocument.objects.get(id=job.id)
    assert document.state == state
    assert detail in document.errors[0].detail
    assert document.error.detail == document.errors[0].detail  # also shown while the job waits


def test_job_waits_while_the_disk_is_full(parts: JobParts, run: Run, job: JobView) -> None:
    full = replace(parts.limits, reserve_bytes=10**18)
    for converter in (
        "finds_no_room",
        "quick",
        "quick",
    ):  # the free space is checked before the disk is filled again
        run(converter, job.id, limits=full).ended()
        waiting = parts.jobs.find("ann", job.id)
        assert (waiting.state, waiting.attempts) == (JobState.QUEUED, 0)
        assert waiting.error
        assert waiting.error.detail == "The server's disk is full. The job continues when there is space."
        assert [error.code for error in waiting.errors] == ["waiting-for-disk"]
        skip_the_wait(job)
    run("quick", job.id).ended()
    done = parts.jobs.find("ann", job.id)
    assert (done.state, done.attempts, done.error) == (JobState.SUCCEEDED, 1, None)


def test_job_that_fills_the_disk_itself_uses_up_its_attempts(parts: JobParts, run: Run, job: JobView) -> None:
    emptied = replace(parts.limits, reserve_bytes=0)
    for state in (JobState.QUEUED, JobState.DEAD):
        run("finds_no_room", job.id, limits=emptied).ended()
        tried = parts.jobs.find("ann", job.id)
        assert (tried.state, tried.error and tried.error.code) == (state, "server-disk-full")
        skip_the_wait(job)


def test_failed_attempt_leaves_no_file(run: Run, job: JobView, storage: Path) -> None:
    run("fills_the_disk", job.id).ended()
    assert {name.split("/")[0] for name in files_below(storage)} == {"sources", "posters"}


def test_unwritable_storage_settles_the_attempt_at_once(run: Run, job: JobView, storage: Path) -> None:
    (storage / "gifs").rmdir()
    (storage / "gifs").write_bytes(b"in the way")
    run("quick", job.id).ended()
    document = JobDocument.objects.get(id=job.id)
    assert (document.state, document.error.code) == (JobState.QUEUED, "conversion-crashed")


def test_transient_error_is_retried_until_no_attempt_is_left(parts: JobParts, run: Run, job: JobView) -> None:
    for _ in range(QUICK.max_attempts):
        skip_the_wait(job)
        run("dies", job.id).ended()
    dead = parts.jobs.find("ann", job.id)
    assert (dead.state, dead.attempts) == (JobState.DEAD, 2)
    assert dead.error is not None
    assert dead.error.code == "conversion-crashed"
    assert [error.attempt for error in JobDocument.objects.get(id=job.id).errors] == [1, 2]
    parts.submission.retry("ann", job.id)
    run("quick", job.id).ended()
    assert parts.jobs.find("ann", job.id).state == JobState.SUCCEEDED


def test_job_waiting_for_its_retry_is_not_claimed(run: Run, job: JobView) -> None:
    run("dies", job.id).ended()
    run("quick", job.id).ended()
    assert JobDocument.objects.get(id=job.id).state == JobState.QUEUED


def test_whole_job_is_published_only_when_its_state_changes(parts: JobParts, run: Run, job: JobView) -> None:
    start = parts.events.latest("ann")
    attempt = run("slow", job.id)

    def published() -> list[Event]:
        return parts.events.since("ann", start) or []

    assert wait_until(lambda: len(published()) > 3, timeout_s=30)
    attempt.give_up.set()
    attempt.ended()
    began, *ticks, released = published()
    assert [event.job and event.job.state for event in (began, released)] == [
        JobState.RUNNING,
        JobState.QUEUED,
    ]
    assert {event.type for event in ticks} == {"job.progress"}
    for event in ticks:
        assert event.as_json().keys() == {"cursor", "type", "progress"}
        assert event.progress
        assert (event.progress.job_id, event.progress.attempt) == (job.id, 1)
    fractions = [event.progress.fraction for event in ticks if event.progress]
    assert fractions == sorted(fractions)
    assert fractions[-1] > 0


def test_running_job_is_cancelled_early(parts: JobParts, run: Run, job: JobView, storage: Path) -> None:
    attempt = run("slow", job.id)
    assert wait_until(lambda: is_running(job), timeout_s=30)
    assert has_helper()
    parts.jobs.cancel("ann", job.id)
    attempt.ended()
    assert parts.jobs.find("ann", job.id).state == JobState.CANCELLED
    assert wait_until(lambda: not has_helper(), timeout_s=30)
    assert not list((storage / "scratch").iterdir())


def test_deleted_job_is_stopped_and_leaves_nothing(
    parts: JobParts, run: Run, job: JobView, storage: Path
) -> None:
    attempt = run("slow", job.id)
    assert wait_until(lambda: is_running(job), timeout_s=30)
    parts.jobs.delete("ann", job.id)
    attempt.ended(within_s=5)
    assert {name.split("/")[0] for name in files_below(storage)} == {"sources", "posters"}


def test_lost_lease_cannot_publish(parts: JobParts, run: Run, job: JobView, storage: Path) -> None:
    attempt = run("in_half_a_second", job.id)
    assert wait_until(lambda: JobDocument.objects.get(id=job.id).token == 1, timeout_s=30)
    JobDocument.objects(id=job.id).update(inc__token=1)  # another worker has claimed it meanwhile
    attempt.ended()
    assert parts.jobs.find("ann", job.id).state == JobState.RUNNING
    assert not list((storage / "gifs").iterdir())


def test_settle_with_a_lost_response_keeps_its_gif(parts: JobParts, run: Run, job: JobView) -> None:
    attempt = run("in_half_a_second", job.id, timings=replace(QUICK, heartbeat_s=60))
    assert wait_until(lambda: JobDocument.objects.get(id=job.id).token == 1, timeout_s=30)
    gif = {"key": f"{job.id}-1", "bytes": 6, "width_px": 2, "height_px": 1, "frames": 3, "duration_s": 0.5}
    JobDocument.objects(id=job.id).update(__raw__={"$set": {"state": "succeeded", "gif": gif}})
    attempt.ended()
    assert blob_path(parts.blobs, parts.jobs.gif("ann", job.id).blob).exists()


def test_hanging_conversion_is_stopped_at_its_deadline(parts: JobParts, run: Run, job: JobView) -> None:
    limits = replace(parts.limits, deadline_s=0.5)
    run("silent", job.id, limits=limits).ended()
    failed = parts.jobs.find("ann", job.id)
    assert failed.error is not None
    assert failed.error.code == "conversion-too-slow"


def test_draining_worker_returns_its_job_without_using_an_attempt(
    parts: JobParts, run: Run, job: JobView
) -> None:
    attempt = run("slow", job.id)
    assert wait_until(lambda: is_running(job), timeout_s=30)
    attempt.give_up.set()
    attempt.ended(within_s=5)
    released = parts.jobs.find("ann", job.id)
    assert (released.state, released.attempts, released.started_at) == (JobState.QUEUED, 0, None)
    run("quick", job.id).ended()
    assert parts.jobs.find("ann", job.id).attempts == 1


def test_missing_video_is_reported(parts: JobParts, run: Run, job: JobView) -> None:
    parts.jobs.cancel("ann", job.id)
    assert job.source is not None
    parts.sources.delete("ann", job.source.id)
    JobDocument.objects(id=job.id).update(set__state="queued")
    run("quick", job.id).ended()
    failed = parts.jobs.find("ann", job.id)
    assert failed.error is not None
    assert "Upload it again" in failed.error.detail


def child_with(word: str) -> psutil.Process:
    """The child whose command line has this word; one that ended but was not waited for has none."""
    children = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    return next(child for child in children if word in " ".join(child.cmdline()))


def test_dead_fork_server_is_restarted(
    parts: JobParts, run: Run, job: JobView, fork_server: Callable[[str], ForkServer]
) -> None:
    attempt = run("slow", job.id)
    assert wait_until(lambda: is_running(job), timeout_s=30)
    child_with("tests.jobs.converters:slow").kill()
    attempt.ended(within_s=5)
    document = JobDocument.objects.get(id=job.id)
    assert "the fork server was killed" in document.errors[0].detail


def test_conversion_continues_without_mongodb_until_its_lease_ends(
    redis_url: str, video: bytes, fork_server: Callable[[str], ForkServer], tmp_path: Path
) -> None:
    with running_mongod(tmp_path / "mongodb") as url:
        parts = JobParts(
            mongodb_url=url,
            redis_url=redis_url,
            blobs=storage_at((tmp_path / "storage").as_uri()),
            secret=SECRET,
            limits=Limits(),
            timings=replace(QUICK, lease_s=2),
        )
        with parts.sources.incoming("ann") as incoming:
            incoming.write(video)
            source = parts.sources.add("ann", incoming, "clip.mp4")
        job = parts.submission.submit("ann", source.id, Recipe())
        attempt = Attempted(parts, fork_server("slow"), job.id)
        assert wait_until(lambda: is_running(job), timeout_s=30)
        mongod = child_with(str(tmp_path))
        mongod.suspend()
        time.sleep(1)
        mongod.resume()
        assert is_running(job)
    with pytest.raises(errors.ServiceUnavailable):
        parts.submission.submit("ann", source.id, Recipe())
    attempt.ended()
    assert not list((tmp_path / "storage" / "scratch").iterdir())
    parts.close()
