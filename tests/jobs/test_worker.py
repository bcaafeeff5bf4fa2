import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import redis
from PIL import Image, ImageSequence

from gifapp.domain.job import JobState
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import JobView, SourceView
from gifapp.jobs.cleanup.sweep import sweeping
from gifapp.jobs.db import workers
from gifapp.jobs.db.documents import JobDocument, WorkerDocument
from gifapp.jobs.parts import JobParts
from gifapp.processes import wait_until
from tests.conversion.text.test_subtitle_tracks import SRT, film
from tests.jobs.conftest import QUICK, Process, files_below, is_running, living, skip_the_wait, tree_of
from tests.support.storages import blob_path

StartWorker = Callable[..., Process]


def has(job: JobView, state: JobState) -> Callable[[], bool]:
    return lambda: JobDocument.objects.get(id=job.id).state == state


def is_converting(worker: Process) -> bool:
    """Whether worker, fork server, conversion and helper are all alive."""
    return len(tree_of(worker.pid)) >= 4


def test_worker_makes_real_gifs(
    parts: JobParts, upload: Callable[..., SourceView], start_worker: StartWorker, storage: Path
) -> None:
    start_worker("real")
    source = upload()
    job = parts.submission.submit("ann", source.id, Recipe(width_px=48, fps=10))
    backwards = parts.submission.submit("ann", source.id, Recipe(width_px=48, fps=10, direction="reverse"))
    assert wait_until(has(backwards, JobState.SUCCEEDED), timeout_s=90)
    done = parts.jobs.find("ann", job.id)
    assert done.gif is not None
    assert (done.gif.width_px, done.gif.height_px) == (48, 32)
    assert done.gif.duration_s == pytest.approx(2, abs=0.1)
    assert blob_path(parts.blobs, parts.jobs.gif("ann", job.id).blob).read_bytes()[:6] == b"GIF89a"
    made = {"sources", "posters", "gifs", "stills"}
    assert wait_until(lambda: len(files_below(storage)) == 6, timeout_s=5), files_below(storage)
    assert {name.partition("/")[0] for name in files_below(storage)} == made
    counters = {kind.name: series for kind, series in parts.counters.read()}
    assert counters["gifapp_attempts"]["succeeded", ""] == {"": 2}
    assert counters["gifapp_conversion_seconds"]["succeeded", "gif", "small"]["count"] == 2
    assert {"preparing", "writing"} <= {phase for phase, _ in counters["gifapp_conversion_phase_seconds"]}
    assert counters["gifapp_made_bytes"]["gif",][""] > 1000


def test_worker_memory_excludes_shared_pages(start_worker: StartWorker, parts: JobParts) -> None:
    large = bytearray(b"x") * 1_200_000_000  # the memory limit of a worker
    del large
    start_worker("quick")
    assert wait_until(lambda: WorkerDocument.objects.count() == 1, timeout_s=20)
    assert WorkerDocument.objects.get().memory_bytes < 400_000_000


def test_worker_renders_the_videos_own_text_track(
    parts: JobParts, upload: Callable[..., SourceView], start_worker: StartWorker, tmp_path: Path
) -> None:
    start_worker("real")
    source = upload(data=film(tmp_path, "film.mkv", (SRT, "srt")).read_bytes(), name="film.mkv")
    jobs = [
        parts.submission.submit("ann", source.id, Recipe(subtitles=f"track:{number}")) for number in (1, 2)
    ]
    assert wait_until(has(jobs[0], JobState.SUCCEEDED), timeout_s=90)
    with Image.open(blob_path(parts.blobs, parts.jobs.gif("ann", jobs[0].id).blob)) as gif:
        pictures = [np.asarray(picture.convert("RGB")).max() for picture in ImageSequence.Iterator(gif)]
    assert (pictures[0], max(pictures)) == (0, 255)
    assert wait_until(has(jobs[1], JobState.FAILED), timeout_s=90)
    failed = parts.jobs.find("ann", jobs[1].id)
    assert "track:2: the video has only track:1 (subrip" in str(failed.error)


def test_killed_worker_leaves_no_process_and_another_finishes_its_job(
    parts: JobParts, job: JobView, start_worker: StartWorker, storage: Path
) -> None:
    victim = start_worker("slow")
    assert wait_until(lambda: is_running(job) and is_converting(victim), timeout_s=30)
    tree = tree_of(victim.pid)
    victim.kill()
    assert wait_until(lambda: not living(tree), timeout_s=5), living(tree)
    start_worker("quick")
    assert wait_until(has(job, JobState.QUEUED), timeout_s=30)
    skip_the_wait(job)
    assert wait_until(has(job, JobState.SUCCEEDED), timeout_s=30)
    document = JobDocument.objects.get(id=job.id)
    assert (document.attempts, document.token) == (2, 2)
    assert [error.code for error in document.errors] == ["worker-lost"]
    # the scratch directory is removed once the job is settled
    assert wait_until(lambda: not list((storage / "scratch").iterdir()), timeout_s=5)
    names = {name.split("/")[0] for name in files_below(storage)}
    assert names == {"sources", "posters", "gifs"}


def test_killed_worker_takes_ffmpeg_with_it(
    parts: JobParts, upload: Callable[..., SourceView], start_worker: StartWorker, long_video: bytes
) -> None:
    job = parts.submission.submit("ann", upload(data=long_video).id, Recipe(width_px=640, fps=50))
    victim = start_worker("real")

    def has_ffmpeg() -> bool:
        return any("ffmpeg" in process.info["name"] for process in living(tree_of(victim.pid)))

    assert wait_until(lambda: is_running(job) and has_ffmpeg(), timeout_s=60)
    tree = tree_of(victim.pid)
    victim.kill()
    assert wait_until(lambda: not living(tree), timeout_s=5), living(tree)


def test_job_that_kills_its_workers_becomes_a_dead_letter(
    parts: JobParts, job: JobView, start_worker: StartWorker
) -> None:
    with sweeping(parts.sweep, every_s=0.2):
        for state in (JobState.QUEUED, JobState.DEAD):
            victim = start_worker("slow")
            assert wait_until(lambda: is_running(job), timeout_s=30)
            victim.kill()
            assert wait_until(has(job, state), timeout_s=30)
            skip_the_wait(job)
    error = JobDocument.objects.get(id=job.id).error
    assert error.detail == "The worker running this job was lost."


def test_frozen_worker_resumes_and_publishes_nothing(
    parts: JobParts, job: JobView, start_worker: StartWorker, storage: Path
) -> None:
    frozen = start_worker("in_half_a_second")
    assert wait_until(has(job, JobState.RUNNING), timeout_s=30)
    frozen.send_signal(signal.SIGSTOP)
    start_worker("quick")
    assert wait_until(has(job, JobState.QUEUED), timeout_s=30)
    skip_the_wait(job)
    assert wait_until(has(job, JobState.SUCCEEDED), timeout_s=30)
    before = JobDocument.objects.get(id=job.id)
    frozen.send_signal(signal.SIGCONT)
    frozen.send_signal(signal.SIGTERM)
    assert frozen.wait(30) == 0
    assert JobDocument.objects.get(id=job.id) == before
    assert [path.name for path in (storage / "gifs").iterdir()] == [f"{job.id}-2.gif"]
    assert not list((storage / "scratch").iterdir())


def test_stopping_worker_finishes_its_conversion(job: JobView, start_worker: StartWorker) -> None:
    worker = start_worker("in_half_a_second")
    assert wait_until(has(job, JobState.RUNNING), timeout_s=30)
    worker.terminate()
    assert worker.wait(30) == 0
    assert has(job, JobState.SUCCEEDED)()


def test_stopping_worker_releases_a_job_it_cannot_finish(job: JobView, start_worker: StartWorker) -> None:
    worker = start_worker("slow")
    assert wait_until(lambda: is_running(job) and is_converting(worker), timeout_s=30)
    tree = tree_of(worker.pid)
    worker.terminate()
    assert worker.wait(QUICK.drain_s + 10) == 0
    assert not living(tree)
    document = JobDocument.objects.get(id=job.id)
    assert (document.state, document.attempts, document.lease_until) == (JobState.QUEUED, 0, None)


def test_worker_over_its_memory_limit_exits_between_jobs_and_is_replaced(
    parts: JobParts, upload: Callable[..., SourceView], start_worker: StartWorker
) -> None:
    source = upload()
    first, second = (parts.submission.submit("ann", source.id, Recipe(fps=fps)) for fps in (5, 10))
    worker = start_worker("quick", "1")
    assert worker.wait(30) == 0
    assert [has(job, JobState.SUCCEEDED)() for job in (first, second)] == [True, False]
    assert workers.count_alive() == 0
    start_worker("quick")
    assert wait_until(has(second, JobState.SUCCEEDED), timeout_s=30)
    assert wait_until(lambda: workers.count_alive() == 1, timeout_s=5)


def test_one_message_processes_every_due_job(
    parts: JobParts, upload: Callable[..., SourceView], start_worker: StartWorker, redis_url: str
) -> None:
    source = upload()
    with redis.Redis.from_url(redis_url) as client:
        for fps in range(1, 5):
            client.flushall()
            last = parts.submission.submit("ann", source.id, Recipe(fps=fps))
    start_worker("quick")
    assert wait_until(has(last, JobState.SUCCEEDED), timeout_s=30)
    assert JobDocument.objects(state=JobState.SUCCEEDED).count() == 4


def test_wiped_redis_delays_jobs_but_loses_none(
    parts: JobParts, upload: Callable[..., SourceView], start_worker: StartWorker, redis_url: str
) -> None:
    source = upload()
    jobs = [parts.submission.submit("ann", source.id, Recipe(fps=fps)) for fps in range(1, 6)]
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    start_worker("quick")
    assert all(wait_until(has(job, JobState.SUCCEEDED), timeout_s=30) for job in jobs)
    assert all(JobDocument.objects.get(id=job.id).token == 1 for job in jobs)
