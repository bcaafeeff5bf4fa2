"""`python -m benchmarks.load`: a web server with 200 websockets and 50 mixed requests a second, for a minute.

20 people have ten event streams each. Requests are sent on schedule, however late the responses come, so
that a slow response delays no other request (no coordinated omission). The queue is paused: conversions are
not measured here, and would take the cores that the client needs.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any, NamedTuple

import httpx
import psutil
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from benchmarks import videos
from benchmarks.service import servers, web_server
from gifapp.commands.parts import Foundation

_PEOPLE = 20
_SOCKETS_EACH = 10
_CONNECTIONS_EACH = 2  # with the sockets, fewer than the 250 that one address may open
_REQUESTS_PER_S = 50
_LASTS_S = 60.0
_PATIENCE_S = 30.0
PASSWORD = "four words of load"  # noqa: S105


class LoadFigures(NamedTuple):
    """Median and 95th percentile in milliseconds; responses other than 2xx by status; the web server's usage.

    `event` lasts from just before the request that causes it until the last of its owner's sockets has it.
    """

    requests: int
    errors: dict[int, int]
    read_p50_ms: float
    read_p95_ms: float
    write_p95_ms: float
    event_p50_ms: float
    event_p95_ms: float
    events_lost: int
    web_cores: float
    web_mb: float


@dataclass
class Person:
    http: httpx.AsyncClient
    source_id: str
    job_ids: list[str] = field(default_factory=list)


@dataclass
class _Log:
    """The raw measurements."""

    taken_ms: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: Counter[int] = field(default_factory=Counter)
    asked_at: dict[str, float] = field(default_factory=dict)  # when each job was submitted
    heard_at: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def events_ms(self) -> list[float]:
        """From each submit to the last socket; events that a socket missed are left out."""
        return [
            1000 * (max(self.heard_at[job_id]) - asked_s)
            for job_id, asked_s in self.asked_at.items()
            if len(self.heard_at[job_id]) == _SOCKETS_EACH
        ]


def measure() -> LoadFigures:
    with servers() as foundation, web_server() as (url, web):
        emails = _accounts(foundation)
        return asyncio.run(_under_load(url, emails, web))


def _accounts(foundation: Foundation) -> list[str]:
    emails = [f"person{number}@example.org" for number in range(_PEOPLE)]
    with closing(foundation.build_identity()) as identity, foundation.build_jobs() as jobs:
        for email in emails:
            identity.create_user(email, PASSWORD, "user")
        jobs.administration.pause()
    return emails


async def _under_load(url: str, emails: list[str], web: psutil.Process) -> LoadFigures:
    log = _Log()
    async with _people(url, emails) as people, _listening(url, people, log):
        before = web.cpu_times()
        await _ask_for_a_while(people, log)
        after, memory = web.cpu_times(), web.memory_info().rss
        await asyncio.sleep(1)  # for the last events
    spent_s = after.user + after.system - before.user - before.system
    return _figures(log, spent_s / _LASTS_S, memory / 1e6)


def _figures(log: _Log, web_cores: float, web_mb: float) -> LoadFigures:
    read_p50, read_p95 = _percentiles(log.taken_ms["read"])
    event_p50, event_p95 = _percentiles(log.events_ms())
    return LoadFigures(
        requests=sum(map(len, log.taken_ms.values())),
        errors=dict(log.errors),
        read_p50_ms=read_p50,
        read_p95_ms=read_p95,
        write_p95_ms=_percentiles(log.taken_ms["write"])[1],
        event_p50_ms=event_p50,
        event_p95_ms=event_p95,
        events_lost=len(log.asked_at) - len(log.events_ms()),
        web_cores=web_cores,
        web_mb=web_mb,
    )


def _percentiles(values: list[float]) -> tuple[float, float]:
    steps = quantiles(values, n=20)
    return steps[9], steps[18]


@asynccontextmanager
async def _people(url: str, emails: list[str]) -> AsyncIterator[list[Person]]:
    people = [await signed_in(url, email, connections=_CONNECTIONS_EACH) for email in emails]
    try:
        yield people
    finally:
        for person in people:
            await person.http.aclose()


async def signed_in(url: str, email: str, *, connections: int | None = None) -> Person:
    """Sign in and upload a video; `connections` limits how many are open at a time."""
    limits = httpx.Limits(max_connections=connections)
    http = httpx.AsyncClient(base_url=f"{url}/api/v1", timeout=_PATIENCE_S, limits=limits)
    answer = await http.post("/auth/login", json={"email": email, "password": PASSWORD})
    http.headers["Authorization"] = f"Bearer {answer.raise_for_status().json()['access_token']}"
    video = videos.made(videos.one_second).read_bytes()
    added = await http.post("/sources?name=clip.mp4", content=video)
    return Person(http, added.raise_for_status().json()["id"])


@asynccontextmanager
async def _listening(url: str, people: list[Person], log: _Log) -> AsyncIterator[None]:
    """Open every person's event streams and wait for their first message."""
    sockets = [await _stream(url, person) for person in people for _ in range(_SOCKETS_EACH)]
    listeners = [asyncio.create_task(_hear(socket, log)) for socket in sockets]
    yield
    for socket in sockets:
        socket.close()
    await asyncio.gather(*listeners)


async def _stream(url: str, person: Person) -> WebSocketClientConnection:
    headers = {"Authorization": person.http.headers["Authorization"]}
    stream = await websocket_connect(
        HTTPRequest(f"{url}/api/v1/events".replace("http", "ws", 1), headers=headers)
    )
    assert json.loads(await stream.read_message() or "{}")["type"] == "ready"
    return stream


async def _hear(stream: WebSocketClientConnection, log: _Log) -> None:
    heard: set[str] = set()
    while (message := await stream.read_message()) is not None:
        job = json.loads(message).get("job")
        if job is not None and job["id"] not in heard:  # a job's first event is its submission
            heard.add(job["id"])
            log.heard_at[job["id"]].append(time.perf_counter())


async def _ask_for_a_while(people: list[Person], log: _Log) -> None:
    mix = random.Random(1)  # noqa: S311
    kinds = mix.choices(list(_KINDS), weights=[share for _, share in _KINDS.values()], k=_count())
    begin_s = time.perf_counter()
    requests: list[asyncio.Task[None]] = []
    for number, kind in enumerate(kinds):
        await asyncio.sleep(max(0.0, begin_s + number / _REQUESTS_PER_S - time.perf_counter()))
        ask, _ = _KINDS[kind]
        requests.append(asyncio.create_task(ask(mix.choice(people), log)))
    await asyncio.gather(*requests)


def _count() -> int:
    return round(_REQUESTS_PER_S * _LASTS_S)


async def _read(person: Person, log: _Log, path: str) -> None:
    await _timed("read", log, person.http.get(path))


async def _read_job(person: Person, log: _Log) -> None:
    newest = person.job_ids[-1:]
    await _read(person, log, f"/jobs/{newest[0]}" if newest else "/jobs")


async def _submit(person: Person, log: _Log) -> None:
    begin_s = time.perf_counter()
    recipe = {"width_px": 320, "speed": 1 + next(_NUMBERS) / 1e6}
    answer = await _timed(
        "write", log, person.http.post("/jobs", json={"source_id": person.source_id, "recipe": recipe})
    )
    if answer.is_success:
        job_id = answer.json()["id"]
        log.asked_at[job_id] = begin_s
        person.job_ids.append(job_id)


async def _cancel(person: Person, log: _Log) -> None:
    if person.job_ids:
        await _timed("write", log, person.http.post(f"/jobs/{person.job_ids.pop()}/cancel"))
    else:
        await _submit(person, log)


async def _timed(kind: str, log: _Log, request: Awaitable[httpx.Response]) -> httpx.Response:
    begin_s = time.perf_counter()
    answer = await request
    log.taken_ms[kind].append(1000 * (time.perf_counter() - begin_s))
    if not answer.is_success:
        log.errors[answer.status_code] += 1
    return answer


def _reading(path: str) -> Callable[[Person, _Log], Coroutine[Any, Any, None]]:
    return lambda person, log: _read(person, log, path)


_NUMBERS = itertools.count(1)
_KINDS: dict[str, tuple[Callable[[Person, _Log], Coroutine[Any, Any, None]], int]] = {
    "jobs": (_reading("/jobs?limit=50"), 30),
    "job": (_read_job, 25),
    "sources": (_reading("/sources"), 15),
    "me": (_reading("/me"), 15),
    "submit": (_submit, 10),
    "cancel": (_cancel, 5),
}


if __name__ == "__main__":
    print(measure())
