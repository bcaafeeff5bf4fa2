"""`python -m benchmarks.fairness [USERS]`: how long one user waits while others flood the service.

Starts its own servers, web server and workers. The flooding users (default: 1) together always have a dozen
slow requests of each kind pending: uploads of long videos, estimates, frames from far inside a video,
conversions. The other user uploads a short video, requests an estimate and a frame, and runs a short job:
first alone, then during the flood. All rate limits have their default values.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from statistics import quantiles
from typing import NamedTuple

import httpx

from benchmarks import videos
from benchmarks.load import PASSWORD, Person, signed_in
from benchmarks.service import servers, web_server
from gifapp import processes
from gifapp.commands.parts import Foundation

_ROUNDS = 20
_AT_ONCE = 12  # requests of a kind
_LOOK_EVERY_S = 0.05
_NUMBERS = itertools.count(1)
_LONG = {"width_px": 1280}


class FairnessFigures(NamedTuple):
    """The 95th percentile in seconds, alone and during the flood, for each kind of request."""

    upload_s: tuple[float, float]
    estimate_s: tuple[float, float]
    frame_s: tuple[float, float]
    job_s: tuple[float, float]


def measure(users: int = 1) -> FairnessFigures:
    with servers() as foundation, web_server() as (url, _), _workers():
        _add_accounts(foundation, users)
        return asyncio.run(_measured(url, users))


@contextmanager
def _workers() -> Iterator[None]:
    process = processes.spawn([sys.executable, "-m", "gifapp", "workers"])
    try:
        yield
    finally:
        processes.stop(process, grace_s=30)


def _emails(users: int) -> list[str]:
    return ["bob@example.org", *(f"ada-{number}@example.org" for number in range(users))]


def _add_accounts(foundation: Foundation, users: int) -> None:
    with closing(foundation.build_identity()) as identity:
        for email in _emails(users):
            identity.create_user(email, PASSWORD, "user")


async def _measured(url: str, users: int) -> FairnessFigures:
    bob, *flooding = [await signed_in(url, email) for email in _emails(users)]
    await _rounds(bob, 2)  # warm
    alone = await _rounds(bob, _ROUNDS)
    async with AsyncExitStack() as stack:
        for person in flooding:
            await stack.enter_async_context(_flooded(person, -(-_AT_ONCE // users)))
        await asyncio.sleep(10)  # until the queues are full
        flooded = await _rounds(bob, _ROUNDS)
    for person in (bob, *flooding):
        await person.http.aclose()
    return FairnessFigures(*zip(alone, flooded, strict=True))


async def _rounds(person: Person, count: int) -> list[float]:
    """The 95th percentile in seconds for each kind of request, sent one after the other."""
    taken = [[await _timed(ask(person)) for ask in _REQUESTS] for _ in range(count)]
    return [quantiles(each, n=20)[-1] for each in zip(*taken, strict=True)]


async def _timed(asking: Awaitable[None]) -> float:
    begin_s = time.perf_counter()
    await asking
    return time.perf_counter() - begin_s


async def _upload(person: Person) -> None:
    video = videos.made(videos.one_second).read_bytes()
    (await person.http.post("/sources?name=clip.mp4", content=video)).raise_for_status()


async def _estimate(person: Person) -> None:
    body = {"source_id": person.source_id, "recipe": {"speed": 1 + next(_NUMBERS) / 1e6}}
    (await person.http.post("/estimates", json=body)).raise_for_status()


async def _frame(person: Person) -> None:
    at_s = next(_NUMBERS) % 1000 / 1000
    frame = await person.http.get(f"/sources/{person.source_id}/frame", params={"at_s": at_s})
    frame.raise_for_status()


async def _job(person: Person) -> None:
    body = {"source_id": person.source_id, "recipe": {"width_px": 160, "speed": 1 + next(_NUMBERS) / 1e6}}
    job = (await person.http.post("/jobs", json=body)).raise_for_status().json()
    while job["state"] != "succeeded":
        assert job["state"] in ("queued", "running"), job
        await asyncio.sleep(_LOOK_EVERY_S)
        job = (await person.http.get(f"/jobs/{job['id']}")).raise_for_status().json()


_REQUESTS = (_upload, _estimate, _frame, _job)


@asynccontextmanager
async def _flooded(person: Person, at_once: int) -> AsyncIterator[None]:
    video = videos.made(videos.one_key_frame).read_bytes()
    answer = await person.http.post("/sources?name=long.mp4", content=video)
    source_id = answer.raise_for_status().json()["id"]

    def long_job() -> Awaitable[httpx.Response]:
        recipe = _LONG | {"speed": 1 + next(_NUMBERS) / 1e6}
        return person.http.post("/jobs", json={"source_id": source_id, "recipe": recipe})

    def long_estimate() -> Awaitable[httpx.Response]:
        recipe = _LONG | {"target_bytes": 100_000_000 + next(_NUMBERS)}
        return person.http.post("/estimates", json={"source_id": source_id, "recipe": recipe})

    asking: list[Callable[[], Awaitable[httpx.Response]]] = [
        lambda: person.http.post("/sources?name=long.mp4", content=video),
        lambda: person.http.get(
            f"/sources/{source_id}/frame", params={"at_s": 9 + next(_NUMBERS) % 900 / 1e3}
        ),
        long_estimate,
        long_job,
    ]
    flood = [asyncio.create_task(_again_and_again(ask)) for ask in asking for _ in range(at_once)]
    yield
    for each in flood:
        each.cancel()
    await asyncio.gather(*flood, return_exceptions=True)


async def _again_and_again(ask: Callable[[], Awaitable[httpx.Response]]) -> None:
    while True:
        answer = await ask()
        if not answer.is_success:
            await asyncio.sleep(float(answer.headers.get("Retry-After", 1)))


if __name__ == "__main__":
    print(measure(*map(int, sys.argv[1:])))
