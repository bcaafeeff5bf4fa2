"""The client on an event loop: the same methods, many videos at once, and cancellation."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from gifapp import errors
from gifapp.client import AsyncClient, Client
from gifapp.client.served import ServedGif
from gifapp.client.waiting import await_job
from gifapp.domain.job import JobState
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import JobView
from gifapp.processes import wait_until
from tests.client.conftest import SHORT, several_chunks, unfinished
from tests.support.clips import real_clip
from tests.support.service import PASSWORD, RunningService

NOT_COROUTINES = {"administrator", "fetches_links", "from_environment", "access_token", "close"}

pytestmark = pytest.mark.timeout(90)


@pytest.fixture
async def parallel(service: RunningService, client: Client) -> AsyncIterator[AsyncClient]:
    async with await AsyncClient.sign_in(service.url, "ada@example.com", PASSWORD) as signed_in:
        yield signed_in


async def waited(condition: Callable[[], bool]) -> bool:
    return await asyncio.to_thread(wait_until, condition, timeout_s=30)


async def test_async_client_has_every_method_of_the_client() -> None:
    names = {name for name, _ in inspect.getmembers(Client) if not name.startswith("_")} - NOT_COROUTINES
    coroutines = {name for name in names if inspect.iscoroutinefunction(getattr(AsyncClient, name, None))}
    assert coroutines == names
    for name in names - {"upload"}:
        documented = inspect.signature(getattr(Client, name)).parameters
        assert list(inspect.signature(getattr(AsyncClient, name)).parameters) == list(documented)


async def test_many_videos_are_converted_each_to_a_gif_or_an_error(
    parallel: AsyncClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("not a video")
    first, refused, second = await parallel.convert_many([real_clip(), text, real_clip().read_bytes()], SHORT)
    assert isinstance(first, ServedGif)
    assert isinstance(second, ServedGif)
    assert first.content == second.content == await parallel.gif(first.job.id)
    assert isinstance(refused, errors.SourceNotVideo)
    assert "bigbuckbunny.mp4 Done" in " ".join(capsys.readouterr().out.split())


async def test_event_loop_runs_while_a_job_is_awaited(parallel: AsyncClient, later: JobView) -> None:
    seen: list[JobState] = []
    waiting = asyncio.create_task(parallel.wait(later.id, lambda job: seen.append(job.state)))
    assert await waited(lambda: bool(seen))
    await parallel.cancel(later.id)
    assert (await waiting).state is JobState.CANCELLED
    assert seen[-1] is JobState.CANCELLED
    await parallel.delete(later.id)
    with pytest.raises(errors.NotFound):
        await parallel.wait(later.id)


async def test_cancelled_wait_leaves_nothing_behind(parallel: AsyncClient, later: JobView) -> None:
    others = asyncio.all_tasks()
    seen: list[JobState] = []
    waiting = asyncio.create_task(parallel.wait(later.id, lambda job: seen.append(job.state)))
    assert await waited(lambda: bool(seen))
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert asyncio.all_tasks() == others
    assert (await parallel.job(later.id)).state is JobState.QUEUED
    await parallel.delete(later.id)


async def test_cancelled_conversion_cancels_its_job(parallel: AsyncClient, client: Client) -> None:
    converting = asyncio.create_task(parallel.convert(real_clip(), Recipe(fps=50.0, width_px=1280)))
    assert await waited(lambda: bool(client.jobs(state=JobState.RUNNING)))
    [job] = await parallel.jobs(state=JobState.RUNNING)
    converting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await converting
    assert await waited(lambda: client.job(job.id).state is JobState.CANCELLED)


async def test_cancelled_upload_is_deleted(parallel: AsyncClient, directory: Path) -> None:
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    def begin(*_: int) -> None:
        loop.call_soon_threadsafe(begun.set)

    uploading = asyncio.create_task(parallel.upload(several_chunks(), begin))
    await begun.wait()
    uploading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await uploading
    assert await waited(lambda: unfinished(directory) == [])


async def test_waiting_gives_up_if_no_event_stream_opens(parallel: AsyncClient) -> None:
    async def silent(*_: object) -> None:
        await asyncio.sleep(60)

    with pytest.raises(errors.ServiceUnavailable):
        await await_job(silent, lambda: pytest.fail("nothing changed"), "1", print, patience_s=0.1)
