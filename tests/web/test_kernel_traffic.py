"""Limits on what a page sends to its kernel and leaves unread: alone, then through the real server."""

import asyncio
import gc
import json
import logging
import struct
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
from jupyter_server.services.kernels.connection.base import serialize_msg_to_ws_v1
from structlog.testing import capture_logs
from tornado.httpclient import HTTPClientError
from tornado.websocket import WebSocketClientConnection
from voila.tornado import kernel_websocket_handler

from gifapp.web.app import GifApp
from gifapp.web.pages import kernel_backlog, kernel_handlers, kernel_traffic
from gifapp.web.pages.kernel_backlog import Backlog
from gifapp.web.pages.kernel_traffic import OWN_TARGET, KernelTraffic, MessageRefused
from tests.web.test_app import connected, kernel_of, message, next_message, until
from tests.web.visitors import SignIn

INFO = message("kernel_info_request", "shell")
STATES = message("comm_msg", "shell", comm_id="c", data={"method": "request_states"})


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def traffic(clock: Clock) -> KernelTraffic:
    return KernelTraffic(clock)


@pytest.fixture
def no_error_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with capture_logs() as ours:
        yield
    assert [log for log in ours if log["log_level"] == "error"] == []
    assert [record for record in caplog.get_records("call") if record.levelno >= logging.ERROR] == []


def admitted(traffic: KernelTraffic, sent: bytes, attempts: int = 3000) -> int:
    """How many of these messages are admitted."""
    for count in range(attempts):
        try:
            traffic.admit(sent)
        except MessageRefused:
            return count
    return attempts


def test_messages_of_a_page_are_rate_limited(traffic: KernelTraffic, clock: Clock) -> None:
    assert admitted(traffic, INFO) == kernel_traffic.MESSAGES
    clock.now_s += 10
    assert 0 < admitted(traffic, INFO) <= 10 * kernel_traffic.MESSAGES_PER_S


def test_bytes_of_a_page_are_rate_limited(traffic: KernelTraffic) -> None:
    large = message("comm_msg", "shell", comm_id="c", data={"state": {"value": "x" * 900_000}})
    assert admitted(traffic, large) == kernel_traffic.BYTES // len(large)


def test_requests_for_all_states_are_limited(traffic: KernelTraffic) -> None:
    assert admitted(traffic, STATES) == kernel_traffic.STATES
    traffic.admit(INFO)


def test_requests_for_the_state_of_a_widget_are_limited(traffic: KernelTraffic) -> None:
    one = message("comm_msg", "shell", comm_id="c", data={"method": "request_state"})
    widgets = 350  # in a dashboard: a page may ask for each
    assert widgets < admitted(traffic, one) <= kernel_traffic.BYTES // kernel_traffic.STATE_BYTES


def test_reconnections_of_a_page_are_rate_limited(traffic: KernelTraffic, clock: Clock) -> None:
    assert [traffic.admit_socket() for _ in range(21)] == [True] * 20 + [False]
    clock.now_s += 10
    assert [traffic.admit_socket() for _ in range(3)] == [True, True, False]


def test_page_opens_only_its_own_comms(traffic: KernelTraffic) -> None:
    traffic.admit(message("comm_open", "shell", comm_id="a", target_name=OWN_TARGET, data={}))
    with pytest.raises(MessageRefused, match="only the comm"):
        traffic.admit(message("comm_open", "shell", comm_id="b", target_name="jupyter.widget", data={}))


def test_open_comms_are_limited(traffic: KernelTraffic) -> None:
    for number in range(100):
        comm_id = str(number)
        traffic.admit(message("comm_open", "shell", comm_id=comm_id, target_name=OWN_TARGET, data={}))
        traffic.admit(message("comm_close", "shell", comm_id=comm_id))
    accepted = [message("comm_open", "shell", comm_id=f"kept {n}", target_name=OWN_TARGET) for n in range(21)]
    for opening in accepted[:20]:
        traffic.admit(opening)
    with pytest.raises(MessageRefused, match="at most 20"):
        traffic.admit(accepted[20])


def encoded(*parts: bytes) -> bytes:
    """A message with these parts: header, parent, metadata and content."""
    return bytes(serialize_msg_to_ws_v1(list(parts), "shell"))


def shifted(sent: bytes) -> bytes:
    """The message with a byte between its offsets and its parts."""
    [count] = struct.unpack_from("<Q", sent)
    offsets = struct.unpack_from(f"<{count}Q", sent, 8)
    moved = (offset + 1 for offset in offsets)
    return struct.pack(f"<{count + 1}Q", count, *moved) + b"x" + sent[offsets[0] :]


def broken() -> Iterator[tuple[str, Any]]:
    yield "text", "{}"
    yield "nothing", b""
    yield "no parts", struct.pack("<Q", 0)
    yield "a byte before its parts", shifted(INFO)
    yield "a byte after its parts", INFO + b"x"
    yield "a count without end", struct.pack("<Q", 2**63)
    yield "more parts than there are", struct.pack("<Q", 7)
    yield "offsets beyond", struct.pack("<7Q", 6, 56, 60, 70, 80, 90, 2**62) + bytes(100)
    yield "offsets backwards", struct.pack("<7Q", 6, 56, 90, 80, 70, 60, 156) + bytes(100)
    yield "no JSON", INFO.replace(b"{", b"[")
    yield "a header that is a list", encoded(b'["msg_type"]', b"{}", b"{}", b"{}")
    yield "a content that is a list", encoded(b'{"msg_type": "x"}', b"{}", b"{}", b"[]")
    yield "a kind that is a number", encoded(b'{"msg_type": 1}', b"{}", b"{}", b"{}")
    yield "another channel", message("kernel_info_request", "iopub")
    yield "no channel", message("kernel_info_request", "shell\xff")
    yield "JSON that is deep", message("x", "shell", data=json.loads("[" * 500 + "]" * 500))


@pytest.mark.parametrize("payload", [payload for _, payload in broken()], ids=[name for name, _ in broken()])
def test_malformed_message_is_not_forwarded(traffic: KernelTraffic, payload: bytes | str) -> None:
    with pytest.raises(MessageRefused):
        traffic.admit(payload)


def test_backlog_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_backlog, "MAX_BYTES", 100)
    backlog = Backlog()
    for _ in range(5):
        backlog.append(("iopub", [b"x" * 10, b"y" * 10]))
    assert len(backlog) == 5
    backlog.append(("iopub", [b"z"]))
    assert not backlog
    backlog.append(("iopub", [b"z"]))
    assert not backlog, "what has a gap is of no use"


# --- through the real server ------------------------------------------------------------------


async def closed(page: WebSocketClientConnection) -> int | None:
    """The server's close code, after reading the messages before it."""
    async with asyncio.timeout(20):
        while await page.read_message() is not None:
            pass
    return page.close_code


@pytest.fixture
def ten_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that admits ten messages in total."""
    monkeypatch.setattr(kernel_traffic, "MESSAGES", 10)
    monkeypatch.setattr(kernel_traffic, "MESSAGES_PER_S", 0)


@pytest.mark.usefixtures("ten_messages")
async def test_flooding_page_is_disconnected(app: GifApp, sign_in: SignIn) -> None:
    ada = await sign_in("ada@example.org")
    async with connected(app, ada, kernel_of(await ada.get("/"))) as page:
        for _ in range(12):
            await page.write_message(INFO, binary=True)
        assert await closed(page) == kernel_handlers.REFUSED


@pytest.mark.usefixtures("ten_messages")
async def test_second_socket_does_not_evade_a_limit(app: GifApp, sign_in: SignIn) -> None:
    ada = await sign_in("ada@example.org")
    kernel_id = kernel_of(await ada.get("/"))
    for sent, code in ((9, None), (9, kernel_handlers.REFUSED)):
        async with connected(app, ada, kernel_id) as page:
            for _ in range(sent):
                await page.write_message(INFO, binary=True)
            assert code is None or await closed(page) == code


async def test_sockets_of_a_kernel_are_limited(app: GifApp, sign_in: SignIn) -> None:
    ada = await sign_in("ada@example.org")
    kernel_id = kernel_of(await ada.get("/"))
    pages = [connected(app, ada, kernel_id, session=f"page{number}") for number in range(5)]
    for page in pages[:4]:
        await page.__aenter__()
    with pytest.raises(HTTPClientError, match="429"):
        await pages[4].__aenter__()
    for page in pages[:4]:
        await page.__aexit__(None, None, None)
    await until(lambda: not app.kernels._kernels[kernel_id].sockets)
    async with connected(app, ada, kernel_id):
        pass


async def test_only_the_binary_protocol_is_accepted(app: GifApp, sign_in: SignIn) -> None:
    ada = await sign_in("ada@example.org")
    kernel_id = kernel_of(await ada.get("/"))
    with pytest.raises(HTTPClientError, match="400"):
        await connected(app, ada, kernel_id, protocol="").__aenter__()
    assert not app.kernels._kernels[kernel_id].sockets


@pytest.mark.usefixtures("no_error_logged")
async def test_refused_socket_logs_no_error(app: GifApp, sign_in: SignIn) -> None:
    ada = await sign_in("ada@example.org")
    kernel_id = kernel_of(await ada.get("/"))
    with pytest.raises(HTTPClientError, match="400"):
        await connected(app, ada, kernel_id, protocol="").__aenter__()


@pytest.mark.usefixtures("no_error_logged")
async def test_unread_messages_are_limited_and_log_no_errors(
    app: GifApp, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel_handlers, "MAX_UNREAD_BYTES", 200_000)
    ada = await sign_in("ada@example.org")
    kernel_id = kernel_of(await ada.get("/"))
    async with connected(app, ada, kernel_id) as page:
        [socket] = app.kernels._kernels[kernel_id].sockets
        stop_reading(page)
        update = message("comm_msg", "iopub", data="x" * 100_000)
        for _ in range(200):
            socket.write_message(update, binary=True)  # type: ignore[attr-defined]
        assert unread_bytes(socket) < 1_000_000
        await until(lambda: not app.kernels._kernels[kernel_id].sockets, within_s=20)
        del socket
    gc.collect()  # asyncio reports unretrieved exceptions when they are collected


@pytest.mark.usefixtures("no_error_logged")
async def test_socket_that_breaks_during_a_write_logs_no_error(app: GifApp, sign_in: SignIn) -> None:
    ada = await sign_in("ada@example.org")
    kernel_id = kernel_of(await ada.get("/"))
    async with connected(app, ada, kernel_id) as page:
        [kernel_socket] = app.kernels._kernels[kernel_id].sockets
        await page.write_message(INFO, binary=True)
        while await next_message(page) != "kernel_info_reply":  # the socket is fully open
            pass
        stop_reading(page)
        update = message("comm_msg", "iopub", data="x" * 2_500_000)
        for _ in range(3):  # below our limit, and more than the socket buffer takes
            kernel_socket.write_message(update, binary=True)  # type: ignore[attr-defined]
        assert unread_bytes(kernel_socket)
        kernel_socket.ws_connection.stream.close()  # type: ignore[attr-defined]
        kernel_socket.write_message(INFO, binary=True)  # type: ignore[attr-defined]
        await until(lambda: not app.kernels._kernels[kernel_id].sockets)
        del kernel_socket
    gc.collect()  # asyncio reports unretrieved exceptions when they are collected


async def test_messages_without_a_page_go_to_the_bounded_backlog(app: GifApp, sign_in: SignIn) -> None:
    ada = await sign_in("ada@example.org")
    kernel_id = kernel_of(await ada.get("/"))
    async with connected(app, ada, kernel_id):
        pass
    await until(lambda: bool(app.kernel_manager._kernel_buffers[kernel_id]))
    assert isinstance(app.kernel_manager._kernel_buffers[kernel_id]["buffer"], Backlog)


async def test_message_to_a_closed_page_is_not_parsed(
    app: GifApp, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Jupyter encodes it in the older protocol, which Voilà would misread as a large header count."""
    read: list[bytes] = []
    monkeypatch.setattr(kernel_websocket_handler, "read_header_from_binary_message", read.append)
    ada = await sign_in("ada@example.org")
    kernel_id = kernel_of(await ada.get("/"))
    async with connected(app, ada, kernel_id):
        [socket] = app.kernels._kernels[kernel_id].sockets
    await until(lambda: not app.kernels._kernels[kernel_id].sockets)
    read.clear()
    socket.write_message(bytes(100), binary=True)  # type: ignore[attr-defined]
    assert read == []


def stop_reading(page: WebSocketClientConnection) -> None:
    """Stop reading; what arrives stays in the kernel's small socket buffers."""
    protocol: Any = page.protocol
    protocol.stream.io_loop.remove_handler(protocol.stream.socket)
    protocol.stream._state = None
    protocol.stream.read_chunk_size = 1


def unread_bytes(socket: Any) -> int:
    return len(socket.ws_connection.stream._write_buffer) if socket.ws_connection else 0


async def test_kernel_memory_is_limited(app: GifApp, sign_in: SignIn) -> None:
    ada = await sign_in("ada@example.org")
    kernel = app.kernel_manager.get_kernel(kernel_of(await ada.get("/")))
    soft, _ = psutil.Process(kernel.provisioner.process.pid).rlimit(psutil.RLIMIT_DATA)
    assert soft == 640 * 1024**2


def test_state_request_is_recognised() -> None:
    """ipywidgets' manager uses this method; under another name the requests would not be counted."""
    assert kernel_traffic._asks_for({"data": {"method": "request_states"}}, "request_states")
    assert json.loads(STATES[STATES.rindex(b'{"comm_id') :])["data"]["method"] == "request_states"
