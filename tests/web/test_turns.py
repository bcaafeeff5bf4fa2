import asyncio
from typing import Any

import pytest
from tornado.httputil import HTTPServerRequest

from gifapp.web.app import GifApp
from gifapp.web.traffic.turns import Turns

FLOODER, OTHER = "127.0.0.2", "127.0.0.3"
FLOOD = 60


async def test_address_starts_one_request_per_iteration() -> None:
    turns = Turns()
    assert turns.begin("a") is None
    waiting = [turns.begin("a") for _ in range(3)]
    assert turns.begin("b") is None
    started = []
    for _ in range(4):
        await asyncio.sleep(0)
        started.append(sum(turn is not None and turn.done() for turn in waiting))
    assert started == [1, 2, 3, 3]


async def test_address_may_take_several_turns() -> None:
    turns = Turns(per_iteration=2)
    begun = [turns.begin("a") for _ in range(5)]
    assert [turn is None for turn in begun] == [True, True, False, False, False]
    taken = []
    for _ in range(3):
        await asyncio.sleep(0)
        taken.append(sum(turn is not None and turn.done() for turn in begun))
    assert taken == [2, 3, 3]


async def test_request_starts_at_once_when_nobody_waits() -> None:
    turns = Turns()
    for _ in range(3):
        assert turns.begin("a") is None
        await asyncio.sleep(0)


async def test_closing_connection_does_not_block_others() -> None:
    turns = Turns()
    turns.begin("a")
    cancelled, other = turns.begin("a"), turns.begin("a")
    assert cancelled is not None
    assert other is not None
    cancelled.cancel()
    await asyncio.wait_for(other, 1)


@pytest.fixture
def started(app: GifApp, monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The addresses of handled requests, in order."""
    addresses: list[str | None] = []
    make = app.app.get_handler_delegate

    def noted(request: HTTPServerRequest, handler: Any, *args: Any, **kwargs: Any) -> Any:
        delegate = make(request, handler, *args, **kwargs)
        execute = delegate.execute

        def noted_execute() -> Any:
            addresses.append(request.remote_ip)
            return execute()

        monkeypatch.setattr(delegate, "execute", noted_execute)
        return delegate

    monkeypatch.setattr(app.app, "get_handler_delegate", noted)
    return addresses


async def connect(app: GifApp, address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", app.port, local_addr=(address, 0))


@pytest.mark.parametrize(
    "request_line", [b"GET /nothing", b"GET /api/v1/jobs", b"OPTIONS /api/v1/jobs", b"GET /"]
)
async def test_many_connections_of_one_address_do_not_delay_another(
    app: GifApp, started: list[str | None], request_line: bytes
) -> None:
    sent = request_line + b" HTTP/1.1\r\nHost: x\r\n\r\n"
    flood = [await connect(app, FLOODER) for _ in range(FLOOD)]
    reader, writer = await connect(app, OTHER)
    for _, flooding in flood:
        flooding.write(10 * sent)
    writer.write(sent)
    assert (await asyncio.wait_for(reader.readline(), 20)).startswith(b"HTTP/1.1 ")
    assert started.index(OTHER) < FLOOD / 4
    for _, open_ in [*flood, (reader, writer)]:
        open_.close()


async def test_waiting_clients_may_disconnect(
    app: GifApp, started: list[str | None], caplog: pytest.LogCaptureFixture
) -> None:
    flood = [await connect(app, FLOODER) for _ in range(FLOOD)]
    for _, flooding in flood:
        flooding.write(10 * b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n")
    reader, writer = await connect(app, OTHER)
    writer.write(b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    await asyncio.wait_for(reader.readline(), 20)
    for _, leaving in flood:
        leaving.transport.abort()
    await app.parts.in_flight.end(within_s=10)
    assert started.count(FLOODER) < 10 * FLOOD
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    writer.close()
