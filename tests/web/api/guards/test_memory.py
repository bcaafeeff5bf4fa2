"""Memory and fairness when one user sends large requests or does not read the responses."""

import asyncio
import socket
import threading
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from gifapp.domain.views.jobs import JobPage, JobView
from gifapp.processes import wait_until
from gifapp.web.http.context import Parts
from gifapp.web.traffic.memory import MAX_BYTES, MAX_BYTES_BY_ADDRESS
from tests.web.api.conftest import Person, SignUp, is_problem

HELD_BYTES = 1_000_000


@pytest.fixture
def estimate(ada: Person) -> bytes:
    """The head and the beginning of a recipe of Ada's."""
    headers = [
        "POST /api/v1/estimates HTTP/1.1",
        "Host: here",
        f"Authorization: Bearer {ada.session.access_token}",
        "Content-Type: application/json",
        f"Content-Length: {HELD_BYTES + 1}",
    ]
    return "\r\n".join(headers).encode() + b"\r\n\r\n" + b" " * HELD_BYTES


async def connect(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(urlsplit(url).hostname, urlsplit(url).port)


async def test_memory_of_concurrent_bodies_is_limited_per_user(
    url: str, ada: Person, sign_up: SignUp, parts: Parts, estimate: bytes
) -> None:
    count = MAX_BYTES // HELD_BYTES
    async with AsyncExitStack() as stack:
        for _ in range(count):
            _, writer = await connect(url)
            stack.callback(writer.close)
            writer.write(estimate)
        await asyncio.to_thread(
            wait_until, lambda: parts.memory.held_bytes(ada.id) == count * HELD_BYTES, timeout_s=10
        )
        surplus = await ada.http.post("/api/v1/estimates", content=estimate[-HELD_BYTES:])
        assert is_problem(surplus, 429, "too-much-at-once")["limit_bytes"] == MAX_BYTES
        others = await sign_up("bob").http.post("/api/v1/estimates", content=estimate[-HELD_BYTES:])
        assert others.status_code != 429
    await asyncio.to_thread(wait_until, lambda: parts.memory.held_bytes(ada.id) == 0, timeout_s=10)
    assert parts.memory.held_bytes(ada.id) == 0


async def test_memory_of_strangers_is_limited_per_address(url: str, parts: Parts, estimate: bytes) -> None:
    login = estimate.replace(b"/estimates", b"/auth/login").partition(b"Authorization")[0]
    body = b"Content-Type: application/json\r\nContent-Length: 65536\r\n\r\n" + b" " * 65_000
    async with AsyncExitStack() as stack:
        answers = []
        for _ in range(MAX_BYTES_BY_ADDRESS // 65_000 + 1):
            reader, writer = await connect(url)
            stack.callback(writer.close)
            writer.write(login + body)
            answers.append(asyncio.create_task(reader.readline()))
        done, waiting = await asyncio.wait(answers, timeout=10, return_when=asyncio.FIRST_COMPLETED)
        assert [task.result() for task in done] == [b"HTTP/1.1 429 Too Many Requests\r\n"]
        assert parts.memory.held_bytes("127.0.0.1") <= MAX_BYTES_BY_ADDRESS
    await asyncio.wait(waiting)


async def test_response_counts_until_it_is_sent(ada: Person, parts: Parts, job: JobView) -> None:
    assert (await ada.http.get(f"/api/v1/jobs/{job.id}")).is_success
    assert parts.memory.held_bytes(ada.id) == 0
    parts.memory.take(ada.id, MAX_BYTES)  # with responses that nobody reads
    is_problem(await ada.http.get(f"/api/v1/jobs/{job.id}"), 429, "too-much-at-once")
    parts.memory.give_back(ada.id, MAX_BYTES)
    assert (await ada.http.get(f"/api/v1/jobs/{job.id}")).is_success


async def test_response_that_nobody_reads_keeps_counting(
    ada: Person, url: str, parts: Parts, job: JobView, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = job.model_copy(update={"name": "x" * 15_000_000})  # more than sockets buffer
    monkeypatch.setattr(parts.services.jobs, "find", lambda *_: large)
    line = socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])))
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader, writer = await asyncio.open_connection(sock=line)
    token = f"Authorization: Bearer {ada.session.access_token}"
    writer.write(f"GET /api/v1/jobs/{job.id} HTTP/1.1\r\nHost: x\r\n{token}\r\n\r\n".encode())
    async with asyncio.timeout(20):
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
    assert parts.memory.held_bytes(ada.id) > len(large.name or "")
    writer.transport.abort()
    assert await asyncio.to_thread(wait_until, lambda: parts.memory.held_bytes(ada.id) == 0, timeout_s=10)


async def test_response_without_a_client_stops_counting(
    ada: Person, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, counted = threading.Event(), threading.Event()
    page, take = parts.services.jobs.page, parts.memory.take

    def slow(*args: Any, **kwargs: Any) -> JobPage:
        gone.wait()
        return page(*args, **kwargs)

    def seen(*args: Any, **kwargs: Any) -> None:
        take(*args, **kwargs)
        counted.set()

    monkeypatch.setattr(parts.services.jobs, "page", slow)
    monkeypatch.setattr(parts.memory, "take", seen)
    try:
        with pytest.raises(httpx.ReadTimeout):
            await ada.http.get("/api/v1/jobs", timeout=0.5)
    finally:
        gone.set()
    assert await asyncio.to_thread(counted.wait, 10)
    assert await asyncio.to_thread(wait_until, lambda: parts.memory.held_bytes(ada.id) == 0, timeout_s=10)


async def test_slow_requests_of_one_user_do_not_block_others(
    ada: Person, sign_up: SignUp, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = sign_up("bob")
    ended, page = threading.Event(), parts.services.jobs.page
    monkeypatch.setattr(
        parts.services.jobs, "page", lambda *args, **kwargs: ended.wait() and page(*args, **kwargs)
    )
    listings = [asyncio.create_task(ada.http.get("/api/v1/jobs")) for _ in range(50)]
    try:
        await asyncio.sleep(0.2)
        assert (await bob.http.get("/api/v1/me", timeout=5)).is_success
        assert not any(listing.done() for listing in listings)
    finally:
        ended.set()
    assert all(answer.is_success for answer in await asyncio.gather(*listings))
