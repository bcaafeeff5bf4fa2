"""Limits on open connections: idle ones must not shut out others."""

import asyncio
import contextlib
import resource
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tornado.iostream import IOStream

from gifapp.web.app import GifApp
from gifapp.web.http.server import MAX_BODY_BYTES, MAX_HEADER_BYTES, READS, WebServer
from gifapp.web.traffic import fair_stream
from gifapp.web.traffic.connections import Connections
from gifapp.web.traffic.stalled_clients import MIN_BYTES, ReadingPace
from tests.web.test_client_address import OUTSIDE, guess, guesser

HELD = 60
BY_ADDRESS = 20
HALF_SENT = {
    "nothing": b"",
    "headers": b"GET /health/live HTTP/1.1\r\nHost: x\r\n",
    "a body that we read": b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n{",
    "a body of the page": b"POST /voila/api/shutdown/x HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n_",
}


class Open:
    """A stream, as far as the limits use it."""

    def __init__(self) -> None:
        self.is_closed = False

    def closed(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        self.is_closed = True


def streams(count: int) -> list[IOStream]:
    return [Open() for _ in range(count)]  # type: ignore[misc]


def test_connections_per_address_are_limited() -> None:
    connections = Connections(3, max_total=100)
    ada, bob = streams(4), streams(3)
    counted = [connections.count(stream, "203.0.113.7", has_asked=True) for stream in ada]
    assert counted == [True, True, True, False]
    assert [connections.count(stream, "203.0.113.8") for stream in bob] == [True] * 3


def test_ipv6_addresses_count_by_their_64_bit_prefix() -> None:
    connections = Connections(1, max_total=100)
    opened = streams(3)
    assert connections.count(opened[0], "2001:db8::1", has_asked=True)
    assert not connections.count(opened[1], "2001:db8::2")
    assert connections.count(opened[2], "2001:db8:0:1::1")


def test_oldest_connection_without_a_request_is_closed_first() -> None:
    connections = Connections(3, max_total=100)
    with_request, oldest, newer, newest = streams(4)
    for stream in (with_request, oldest, newer):
        assert connections.count(stream, "203.0.113.7")
    assert connections.count(with_request, "203.0.113.7", has_asked=True)
    assert connections.count(newest, "203.0.113.7")
    assert [stream.closed() for stream in (with_request, oldest, newer, newest)] == [
        False,
        True,
        False,
        False,
    ]


def test_closed_connection_frees_its_place() -> None:
    connections = Connections(1, max_total=2)
    first, second, third = streams(3)
    assert connections.count(first, "203.0.113.7")
    first.is_closed = True  # type: ignore[attr-defined]
    assert connections.count(second, "203.0.113.7", has_asked=True)
    assert not connections.count(third, "203.0.113.7")


def test_total_connections_are_limited() -> None:
    connections = Connections(10, max_total=4)
    opened = streams(4)
    for number, stream in enumerate(opened):
        assert connections.has_capacity()
        assert connections.count(stream, f"203.0.113.{number}")
    assert not connections.has_capacity()
    opened[0].is_closed = True  # type: ignore[attr-defined]
    assert connections.has_capacity()


def test_all_together_may_use_three_quarters_of_the_open_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (8, 8))
    connections, opened = Connections(), streams(6)
    for stream in opened:
        assert connections.has_capacity()
        assert connections.count(stream, None)
    assert not connections.has_capacity()


def test_one_address_always_leaves_room_for_others() -> None:
    assert Connections(500, max_total=100).max_by_address == 50


def test_proxied_connection_counts_for_its_client() -> None:
    connections = Connections(1, max_total=100)
    line, other = streams(2)
    assert connections.count(line, None)
    assert connections.count(other, None)
    assert connections.count(line, "203.0.113.7", has_asked=True)
    assert not connections.count(other, "203.0.113.7", has_asked=True)
    assert not connections.count(other, "203.0.113.7", has_asked=True), "a second try changes nothing"
    assert connections.count(line, "203.0.113.8", has_asked=True)
    assert connections.count(other, "203.0.113.7", has_asked=True)


def test_former_addresses_are_forgotten() -> None:
    connections = Connections(1, max_total=10_000)
    for number in range(3000):
        [stream] = streams(1)
        assert connections.count(stream, f"10.0.{number // 256}.{number % 256}")
        stream.is_closed = True  # type: ignore[attr-defined]
        del stream
    assert len(connections._streams) < 1001


# --- through the real server ------------------------------------------------------------------


@pytest.fixture
def connections_by_address() -> int:
    return BY_ADDRESS


@asynccontextmanager
async def holding(app: GifApp, sent: bytes, count: int = HELD) -> AsyncIterator[list[asyncio.StreamReader]]:
    """Connections from one address that send nothing beyond `sent`."""
    lines = [
        await asyncio.open_connection("127.0.0.1", app.port, local_addr=(OUTSIDE, 0)) for _ in range(count)
    ]
    for _, writer in lines:
        writer.write(sent)
    yield [reader for reader, _ in lines]
    for _, writer in lines:
        writer.transport.abort()


@pytest.mark.parametrize("sent", HALF_SENT.values(), ids=HALF_SENT)
async def test_idle_connections_do_not_shut_out_others(
    app: GifApp, stranger: httpx.AsyncClient, sent: bytes
) -> None:
    async with holding(app, sent) as readers:
        async with asyncio.timeout(20):
            await first_to_end(readers, HELD - BY_ADDRESS)
        assert (await stranger.get("/health/live")).status_code == 200
    async with guesser(app.local_url) as same_address:
        assert (await same_address.get("/health/live")).status_code == 200, "what was closed is not counted"


@pytest.mark.parametrize("sent", [HALF_SENT["nothing"], HALF_SENT["headers"]])
async def test_idle_connections_do_not_even_shut_out_their_own_address(app: GifApp, sent: bytes) -> None:
    async with holding(app, sent), guesser(app.local_url) as same_address:
        assert (await same_address.get("/health/live")).status_code == 200


async def test_connection_beyond_the_total_is_refused(app: GifApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.app.connections, "has_capacity", lambda: False)
    reader, writer = await asyncio.open_connection("127.0.0.1", app.port)
    async with asyncio.timeout(20):
        assert (await reader.read()).startswith(b"HTTP/1.1 429 Too Many Requests\r\n")
    writer.close()


async def first_to_end(readers: list[asyncio.StreamReader], count: int) -> None:
    """Return once the server has closed this many of them."""
    ends = asyncio.as_completed([reader.read() for reader in readers])
    for _ in range(count):
        with contextlib.suppress(ConnectionError):
            await next(ends)


@pytest.mark.parametrize("trusted_proxies", [OUTSIDE])
async def test_proxied_connections_are_limited_per_client(app: GifApp) -> None:
    sent = HALF_SENT["a body that we read"].replace(b"Host: x", b"X-Forwarded-For: 203.0.113.7\r\nHost: x")
    async with holding(app, sent) as readers, guesser(app.local_url) as proxy:
        refused = await asyncio.gather(*(reader.read(5000) for reader in readers[BY_ADDRESS:]))
        assert all(b"too-many-connections" in answer for answer in refused)
        assert await guess(proxy, {"X-Forwarded-For": "203.0.113.8"}) == 401
        assert await guess(proxy, {"X-Forwarded-For": "203.0.113.7"}) == 429


@pytest.mark.parametrize(
    "sent", [HALF_SENT["nothing"], HALF_SENT["headers"], HALF_SENT["a body of the page"]]
)
async def test_incomplete_request_times_out(app: GifApp, sent: bytes) -> None:
    impatient = WebServer(app.app, idle_s=0.2, body_s=0.2)
    impatient.listen(0, "127.0.0.1")
    [listening] = impatient._listening
    reader, writer = await asyncio.open_connection("127.0.0.1", listening.getsockname()[1])
    writer.write(sent)
    async with asyncio.timeout(20):
        assert await reader.read() == b""
    impatient.stop()
    writer.close()


async def test_client_that_takes_no_response_is_disconnected(
    app: GifApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = asyncio.Event()

    def watched(window_s: float, taken_bytes: Callable[[], int], hang_up: Callable[[], None]) -> ReadingPace:
        def end() -> None:
            hang_up()
            closed.set()

        return ReadingPace(window_s, taken_bytes, end)

    monkeypatch.setattr(fair_stream, "ReadingPace", watched)
    impatient = WebServer(app.app, stall_s=0.2)
    impatient.listen(0, "127.0.0.1")
    [listening] = impatient._listening
    _, writer = await asyncio.open_connection("127.0.0.1", listening.getsockname()[1], limit=1)
    request = b"GET /api/docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n"
    writer.write(request * 100)  # more than the kernel's buffers hold
    await asyncio.wait_for(closed.wait(), 30)
    writer.transport.abort()
    impatient.stop()


async def test_client_that_takes_enough_is_not_disconnected() -> None:
    taken, gone = (
        iter([0, MIN_BYTES, MIN_BYTES, 2 * MIN_BYTES, 2 * MIN_BYTES, 3 * MIN_BYTES - 1]),
        asyncio.Event(),
    )
    ReadingPace(0.01, lambda: next(taken), gone.set).begin()
    await asyncio.wait_for(gone.wait(), 20)
    assert list(taken) == []


async def test_clock_of_a_client_that_has_taken_all_is_stopped() -> None:
    closed = [asyncio.Event(), asyncio.Event()]
    stopped, running = (ReadingPace(0.01, lambda: 0, event.set) for event in closed)
    stopped.begin()
    running.begin()
    stopped.stop()
    await asyncio.wait_for(closed[1].wait(), 20)
    assert not closed[0].is_set()


async def test_server_has_no_long_timeouts(app: GifApp) -> None:
    params = app._server.conn_params
    assert params.header_timeout is not None
    assert params.header_timeout < 120
    assert params.body_timeout is not None
    assert params.body_timeout < 120


def test_limit_of_open_files_is_raised_to_the_systems_maximum() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    program = (
        "import resource; from gifapp.processes import allow_open_files; allow_open_files();"
        "print(*resource.getrlimit(resource.RLIMIT_NOFILE))"
    )
    few = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))  # noqa: E731
    argv = [sys.executable, "-c", program]
    output = subprocess.run(argv, check=True, capture_output=True, text=True, preexec_fn=few).stdout
    assert output.split() == [str(min(hard, 65_536)), str(hard)]


def test_web_server_raises_the_limit_of_open_files_first(tmp_path: Path) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    program = (
        "import resource, sys; from click.testing import CliRunner; from gifapp.commands.web import web;"
        "ended = CliRunner().invoke(web, ['--data-dir', sys.argv[1]]);"  # there are no servers
        "print(type(ended.exception).__name__, resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    )
    few = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))  # noqa: E731
    argv = [sys.executable, "-c", program, str(tmp_path)]
    output = subprocess.run(argv, check=True, capture_output=True, text=True, preexec_fn=few).stdout
    assert output.split() == ["ServiceNotFound", str(min(hard, 65_536))]


@pytest.mark.parametrize("path", ["/", "/nothing/here", "/voila/api/shutdown/x"])
async def test_page_refuses_a_large_body(app: GifApp, path: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", app.port)
    length = MAX_BODY_BYTES + 1
    writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode())
    assert b" 400 " in await asyncio.wait_for(reader.readline(), 10)
    assert await asyncio.wait_for(reader.read(), 10)  # read to the end: the connection is closed
    writer.close()


async def test_only_our_own_cookies_are_parsed(app: GifApp, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    find = app.app.find_handler

    def seen(request: Any, **kwargs: Any) -> Any:
        handler = find(request, **kwargs)
        read.append(request.headers["Cookie"])
        return handler

    monkeypatch.setattr(app.app, "find_handler", seen)
    cookies = f"a=1; gifapp_session=s; {'b=2; ' * 1000}_xsrf=x"
    async with httpx.AsyncClient(base_url=app.local_url) as browser:
        await browser.get("/", headers={"Cookie": cookies})
    assert read == [" gifapp_session=s; _xsrf=x"]


async def test_number_of_request_headers_is_limited(app: GifApp) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", app.port)
    writer.write(
        b"GET /health/live HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * (MAX_HEADER_BYTES // 6) + b"\r\n"
    )
    assert b" 200 " not in await asyncio.wait_for(
        reader.read(), 10
    )  # read to the end: the connection is closed
    writer.close()


@pytest.fixture
async def iterations() -> AsyncIterator[list[None]]:
    """Grows with each iteration of the event loop."""
    seen: list[None] = []

    async def count() -> None:
        while True:
            seen.append(None)
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    yield seen
    counting.cancel()


async def test_many_small_chunks_do_not_delay_others(app: GifApp, iterations: list[None]) -> None:
    connections, chunks = 10, 2000

    async def send() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", app.port)
        head = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        writer.write(head + chunks * b"1\r\n \r\n" + b"0\r\n\r\n")
        assert b"HTTP/1.1 4" in await asyncio.wait_for(reader.readline(), 20)
        writer.close()

    await asyncio.gather(*(send() for _ in range(connections)))
    assert (
        len(iterations) >= connections * chunks * 2 // READS
    )  # two reads for each chunk, over all connections
