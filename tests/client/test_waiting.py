"""Waits for jobs over the event stream: from scripts and notebooks, across outages and interruptions."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from gifapp import errors
from gifapp.client import Client
from gifapp.client.retrying import with_retries
from gifapp.client.waiting import wait_for_job
from gifapp.domain.job import JobState
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import Event, JobView, ProgressEvent
from gifapp.processes import wait_until
from tests.client.conftest import SHORT
from tests.support.clips import real_clip
from tests.support.service import RunningService, web_server
from tests.widgets.scripted import a_job

CONVERT = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests may ignore it
from gifapp import Client, Recipe
url, token, path = sys.argv[1:]
Client(url, token).convert(path, Recipe(fps=50.0, width_px=1280))
"""


async def test_convert_works_inside_a_running_event_loop(client: Client) -> None:
    assert client.convert(real_clip(), SHORT).job.state is JobState.SUCCEEDED


def test_waiting_for_a_finished_job_returns_at_once(client: Client) -> None:
    job = client.convert(real_clip(), SHORT).job
    seen: list[JobState] = []
    assert client.wait(job.id, lambda job: seen.append(job.state)).recipe == SHORT
    assert seen == [JobState.SUCCEEDED]


def test_failed_conversion_raises_its_error(client: Client) -> None:
    with pytest.raises(errors.TargetTooSmall):
        client.convert(real_clip(), Recipe(target_bytes=1_000))


async def test_wait_survives_a_restart_of_the_web_server(
    service: RunningService, client: Client, later: JobView
) -> None:
    seen: list[JobState] = []
    waiting = asyncio.create_task(
        asyncio.to_thread(client.wait, later.id, lambda job: seen.append(job.state))
    )
    assert await asyncio.to_thread(wait_until, lambda: bool(seen), timeout_s=20)
    web_server(service).kill()
    await asyncio.to_thread(with_retries, lambda: client.cancel(later.id))
    ended = await waiting
    assert (ended.state, ended.recipe) == (JobState.CANCELLED, client.job(later.id).recipe)
    assert seen[-1] is JobState.CANCELLED
    client.delete(later.id)


async def test_waiting_for_a_deleted_job_raises_not_found(client: Client, later: JobView) -> None:
    seen: list[JobView] = []
    waiting = asyncio.create_task(asyncio.to_thread(client.wait, later.id, seen.append))
    assert await asyncio.to_thread(wait_until, lambda: bool(seen), timeout_s=20)
    await asyncio.to_thread(client.delete, later.id)
    with pytest.raises(errors.NotFound):
        await waiting


def test_ctrl_c_cancels_the_job(service: RunningService, client: Client) -> None:
    argv = [sys.executable, "-c", CONVERT, service.url, client.access_token(), str(real_clip())]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as script:
        assert wait_until(lambda: bool(client.jobs(state=JobState.RUNNING)), timeout_s=60)
        [job] = client.jobs(state=JobState.RUNNING)
        script.send_signal(signal.SIGINT)
        _, complaint = script.communicate(timeout=60)
    assert complaint.rstrip().endswith("KeyboardInterrupt")
    assert wait_until(lambda: client.job(job.id).state is JobState.CANCELLED, timeout_s=20)


def test_waiting_with_an_invalid_token_raises(service: RunningService, later: JobView) -> None:
    with Client(service.url, "no token") as stranger, pytest.raises(errors.TokenInvalid):
        stranger.wait(later.id)


def test_wait_gives_up_when_no_event_stream_opens(later: JobView) -> None:
    async def refused(on_event: Callable[..., None], on_connection: Callable[[bool], None]) -> None:
        while True:
            on_connection(False)
            await asyncio.sleep(0.01)

    with pytest.raises(errors.ServiceUnavailable):
        wait_for_job(refused, lambda: later, later.id, lambda _: None, patience_s=0.1)


def test_wait_passes_on_the_progress_of_the_current_attempt_only() -> None:
    running = a_job(state=JobState.RUNNING, attempts=2)
    done = a_job(state=JobState.SUCCEEDED, attempts=2)
    read = iter([running, done])

    async def follow(on_event: Callable[[Event], None], on_connection: Callable[[bool], None]) -> None:
        on_connection(True)
        on_event(Event(cursor="0", type="ready"))
        for job_id, attempt, fraction in [("job-1", 2, 0.25), ("job-1", 1, 0.9), ("job-2", 2, 0.8)]:
            far = ProgressEvent(job_id=job_id, attempt=attempt, phase="writing", fraction=fraction)
            on_event(Event(cursor="1", type="job.progress", progress=far))
        on_event(Event(cursor="2", type="job.changed", job=done))

    seen: list[JobView] = []
    assert wait_for_job(follow, lambda: next(read), "job-1", seen.append) == done
    assert [job.progress.fraction for job in seen if job.state is JobState.RUNNING] == [0.0, 0.25]
