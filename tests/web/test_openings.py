"""A flood of connections, or of headers in pieces, takes few turns of the event loop."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from typing import Any

import pytest

from gifapp.web.app import GifApp
from gifapp.web.traffic.fair_stream import MAX_HEADER_PIECES
from gifapp.web.traffic.openings import MAX_WAITING, OPENINGS, Openings

FLOODER, OTHER = "127.0.0.2", "127.0.0.3"
NOBODY = frozenset[str]().__contains__


class Opened:
    """Records what is opened, by client address."""

    def __init__(self) -> None:
        self.connections: list[tuple[socket.socket, Any]] = []

    def open(self, connection: socket.socket, address: Any) -> None:
        self.connections.append((connection, address))

    def of(self, client: str) -> int:
        return sum(address[0] == client for _, address in self.connections)


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as server:
        server.setblocking(False)
        yield server


@pytest.fixture
def clients() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def connect(listening: socket.socket, clients: ExitStack, client: str, count: int = 1) -> list[socket.socket]:
    at = listening.getsockname()
    return [
        clients.enter_context(socket.create_connection(at, source_address=(client, 0))) for _ in range(count)
    ]


async def test_flood_of_connections_is_opened_in_turn(listening: socket.socket, clients: ExitStack) -> None:
    opened = Opened()
    connect(listening, clients, FLOODER, 3 * OPENINGS)
    connect(listening, clients, OTHER)
    Openings(opened.open, is_proxy=NOBODY).accept(listening)
    assert (opened.of(FLOODER), opened.of(OTHER)) == (OPENINGS, 1)
    opened_by_iteration = []
    for _ in range(5):
        await asyncio.sleep(0)
        opened_by_iteration.append(opened.of(FLOODER))
    assert opened_by_iteration == sorted(opened_by_iteration)
    assert opened_by_iteration[-1] == 3 * OPENINGS
    assert all(later - earlier <= OPENINGS for earlier, later in pairwise(opened_by_iteration))
    for connection, _ in opened.connections:
        connection.close()


async def test_proxys_connections_are_opened_without_its_own_limit(
    listening: socket.socket, clients: ExitStack
) -> None:
    opened, count = Opened(), OPENINGS + MAX_WAITING + 1
    connect(listening, clients, FLOODER, count)
    Openings(opened.open, is_proxy={FLOODER}.__contains__).accept(listening)
    assert opened.of(FLOODER) == count
    for connection, _ in opened.connections:
        connection.close()


async def test_surplus_of_waiting_connections_is_closed(listening: socket.socket, clients: ExitStack) -> None:
    opened, surplus = Opened(), 5
    flood = connect(listening, clients, FLOODER, OPENINGS + MAX_WAITING + surplus)
    connect(listening, clients, OTHER)
    openings = Openings(opened.open, is_proxy=NOBODY)
    openings.accept(listening)
    for refused in flood[-surplus:]:
        refused.settimeout(5)
        with pytest.raises(ConnectionResetError):
            refused.recv(1)
    assert opened.of(OTHER) == 1
    openings.stop()
    await asyncio.sleep(0)
    for waiting in flood[OPENINGS:-surplus]:
        waiting.settimeout(5)
        assert waiting.recv(1) == b"", "it is closed at the end"
    for connection, _ in opened.connections:
        connection.close()


async def test_waiting_connections_are_limited_in_total(
    listening: socket.socket, clients: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gifapp.web.traffic.openings.MAX_WAITING_IN_ALL", 10)
    opened = Opened()
    for flooder in range(4, 7):
        connect(listening, clients, f"127.0.0.{flooder}", OPENINGS + 5)
    connect(listening, clients, OTHER)
    openings = Openings(opened.open, is_proxy=NOBODY)
    openings.accept(listening)
    assert opened.of(OTHER) == 1, "whoever need not wait is not refused"
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(opened.connections) == 3 * OPENINGS + 10 + 1
    for connection, _ in opened.connections:
        connection.close()


async def test_connection_closed_while_waiting_blocks_nobody(app: GifApp) -> None:
    for _ in range(4 * OPENINGS):
        _, leaving = await asyncio.open_connection("127.0.0.1", app.port, local_addr=(FLOODER, 0))
        leaving.transport.abort()
    reader, writer = await asyncio.open_connection("127.0.0.1", app.port, local_addr=(FLOODER, 0))
    writer.write(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b" 200 " in await asyncio.wait_for(reader.readline(), 10)
    writer.close()


async def send_in_pieces(app: GifApp, count: int) -> bytes:
    """The status line of the response to a request in `count` pieces; empty if the server closes instead."""
    reader, writer = await asyncio.open_connection("127.0.0.1", app.port)
    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    first, last = b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-Long: ", b"\r\n\r\n"
    try:
        for piece in (first, *[b"a"] * (count - 2), last):
            writer.write(piece)
            await writer.drain()
            for _ in range(10):  # give the server its turn: it shares this event loop
                await asyncio.sleep(0)
        return await asyncio.wait_for(reader.readline(), 10)
    except ConnectionError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize(("pieces", "status"), [(3, b" 200 "), (100, b" 200 "), (2 * MAX_HEADER_PIECES, b"")])
async def test_headers_in_too_many_pieces_are_refused(app: GifApp, pieces: int, status: bytes) -> None:
    answer = await send_in_pieces(app, pieces)
    assert status in answer
    assert bool(answer) == bool(status)


async def test_sockets_are_read_in_turn(app: GifApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each iteration reads only a few connections of an address, however many have data."""
    count = 120
    flood = [
        await asyncio.open_connection("127.0.0.1", app.port, local_addr=(FLOODER, 0)) for _ in range(count)
    ]
    reads: list[bool] = []
    all_read = asyncio.Event()
    begin = app._server._reads.begin

    def noted(network: str) -> Any:
        turn = begin(network)
        reads.append(turn is None)
        if len(reads) == count:
            all_read.set()
        return turn

    monkeypatch.setattr(app._server._reads, "begin", noted)
    for _, writer in flood:
        writer.write(b"GET /health/live HTTP/1.1\r\n")
    await asyncio.wait_for(all_read.wait(), 10)
    assert reads.count(False) > 0, "all were read in one iteration"
    for _, writer in flood:
        writer.transport.abort()
