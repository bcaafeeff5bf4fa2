"""What a page may send to its kernel, and leave unread: counted by hand, then through the real server."""

import asyncio
import gc
import json
import logging
import struct
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
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


def admitted(traffic: KernelTraffic, given: bytes, attempts: int = 3000) -> int:
    """How many of these pass before one does not."""
    for count in range(attempts):
        try:
            traffic.admit(given)
        except MessageRefused:
            return count
    return attempts


def test_a_page_sends_no_more_messages_than_people_cause(traffic: KernelTraffic, clock: Clock) -> None:
    assert admitted(traffic, INFO) == kernel_traffic.MESSAGES
    clock.now_s += 10
    assert 0 < admitted(traffic, INFO) <= 10 * kernel_traffic.MESSAGES_PER_S


def test_a_page_sends_no_more_bytes_than_people_cause(traffic: KernelTraffic) -> None:
    large = message("comm_msg", "shell", comm_id="c", data={"state": {"value": "x" * 900_000}})
    assert admitted(traffic, large) == kernel_traffic.BYTES // len(large)


def test_all_states_are_not_asked_for_again_and_again(traffic: KernelTraffic) -> None:
    assert admitted(traffic, STATES) == kernel_traffic.STATES
    traffic.admit(INFO)


def test_a_page_does_not_come_back_for_ever(traffic: KernelTraffic, clock: Clock) -> None:
    assert [traffic.admit_socket() for _ in range(21)] == [True] * 20 + [False]
    clock.now_s += 10
    assert [traffic.admit_socket() for _ in range(3)] == [True, True, False]


def test_a_page_opens_no_comm_but_its_own(traffic: KernelTraffic) -> None:
    traffic.admit(message("comm_open", "shell", comm_id="a", target_name=OWN_TARGET, data={}))
    with pytest.raises(MessageRefused, match="only the comm"):
        traffic.admit(message("comm_open", "shell", comm_id="b", target_name="jupyter.widget", data={}))


def test_comms_that_are_open_are_few(traffic: KernelTraffic) -> None:
    for number in range(100):
        comm_id = str(number)
        traffic.admit(message("comm_open", "shell", comm_id=comm_id, target_name=OWN_TARGET, data={}))
        traffic.admit(message("comm_close", "shell", comm_id=comm_id))
    kept = [message("comm_open", "shell", comm_id=f"kept {n}", target_name=OWN_TARGET) for n in range(21)]
    for given in kept[:20]:
        traffic.admit(given)
    with pytest.raises(MessageRefused, match="at most 20"):
        traffic.admit(kept[20])


def broken() -> Iterator[tuple[str, Any]]:
    yield "text", "{}"
    yield "nothing", b""
    yield "a count without end", struct.pack("<Q", 2**63)
    yield "more parts than there are", struct.pack("<Q", 7)
    yield "offsets beyond", struct.pack("<7Q", 6, 56, 60, 70, 80, 90, 2**62) + bytes(100)
    yield "offsets backwards", struct.pack("<7Q", 6, 56, 90, 80, 70, 60, 156) + bytes(100)
    yield "no JSON", INFO.replace(b"{", b"[")
    yield "a header that is a list", message("x", "shell").replace(b'{"msg_id', b'["msg_id')
    yield "another channel", message("kernel_info_request", "iopub")
    yield "no channel", message("kernel_info_request", "shell\xff")
    yield "JSON that is deep", message("x", "shell", data=json.loads("[" * 500 + "]" * 500))


@pytest.mark.parametrize("given", [given for _, given in broken()], ids=[name for name, _ in broken()])
def test_what_is_no_message_goes_no_further(traffic: KernelTraffic, given: bytes | str) -> None:
    with pytest.raises(MessageRefused):
        traffic.admit(given)


def test_messages_to_nobody_are_kept_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
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
    """The code with which the server closes; what it says before is read."""
    async with asyncio.timeout(20):
        while await page.read_message() is not None:
            pass
    return page.close_code


@pytest.fixture
def ten_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that a kernel takes, however long one waits."""
    monkeypatch.setattr(kernel_traffic, "MESSAGES", 10)
    monkeypatch.setattr(kernel_traffic, "MESSAGES_PER_S", 0)


@pytest.mark.usefixtures("ten_messages")
async def test_a_page_that_floods_its_kernel_is_cut_off(app: GifApp, sign_in: SignIn) -> None:
    ada = await sign_in("ada@example.org")
    async with connected(app, ada, kernel_of(await ada.get("/"))) as page:
        for _ in range(12):
            await page.write_message(INFO, binary=True)
        assert await closed(page) == kernel_handlers.REFUSED


@pytest.mark.usefixtures("ten_messages")
async def test_another_socket_is_no_way_around_a_bound(app: GifApp, sign_in: SignIn) -> None:
    ada = await sign_in("ada@example.org")
    kernel_id = kernel_of(await ada.get("/"))
    for sent, code in ((9, None), (9, kernel_handlers.REFUSED)):
        async with connected(app, ada, kernel_id) as page:
            for _ in range(sent):
                await page.write_message(INFO, binary=True)
            assert code is None or await closed(page) == code


async def test_a_kernel_has_few_sockets(app: GifApp, sign_in: SignIn) -> None:
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


async def test_only_the_binary_protocol_is_spoken(app: GifApp, sign_in: SignIn) -> None:
    ada = await sign_in("ada@example.org")
    kernel_id = kernel_of(await ada.get("/"))
    with pytest.raises(HTTPClientError, match="400"):
        await connected(app, ada, kernel_id, protocol="").__aenter__()
    assert not app.kernels._kernels[kernel_id].sockets


@pytest.mark.usefixtures("no_error_logged")
async def test_a_socket_that_is_refused_is_no_error_in_the_log(app: GifApp, sign_in: SignIn) -> None:
    ada = await sign_in("ada@example.org")
    kernel_id = kernel_of(await ada.get("/"))
    with pytest.raises(HTTPClientError, match="400"):
        await connected(app, ada, kernel_id, protocol="").__aenter__()


@pytest.mark.usefixtures("no_error_logged")
async def test_what_a_page_leaves_unread_is_bounded_and_nobody_is_told_a_thousand_times(
    app: GifApp, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel_handlers, "MAX_UNREAD_BYTES", 200_000)
    ada = await sign_in("ada@example.org")
    kernel_id = kernel_of(await ada.get("/"))
    async with connected(app, ada, kernel_id) as page:
        [socket] = app.kernels._kernels[kernel_id].sockets
        stop_reading(page)
        said = message("comm_msg", "iopub", data="x" * 100_000)
        for _ in range(200):
            socket.write_message(said, binary=True)  # type: ignore[attr-defined]
        assert unread_bytes(socket) < 1_000_000
        await until(lambda: not app.kernels._kernels[kernel_id].sockets, within_s=20)
        del socket
    gc.collect()  # asyncio tells of what nobody looked at when it is thrown away


@pytest.mark.usefixtures("no_error_logged")
async def test_a_socket_that_breaks_while_it_is_written_to_is_nobodys_fault(
    app: GifApp, sign_in: SignIn
) -> None:
    ada = await sign_in("ada@example.org")
    kernel_id = kernel_of(await ada.get("/"))
    async with connected(app, ada, kernel_id) as page:
        [kernel_socket] = app.kernels._kernels[kernel_id].sockets
        await page.write_message(INFO, binary=True)
        while await next_message(page) != "kernel_info_reply":  # the socket is open for good
            pass
        stop_reading(page)
        said = message("comm_msg", "iopub", data="x" * 2_500_000)
        for _ in range(3):  # below the bound, and more than the system takes
            kernel_socket.write_message(said, binary=True)  # type: ignore[attr-defined]
        assert unread_bytes(kernel_socket)
        kernel_socket.ws_connection.stream.close()  # type: ignore[attr-defined]
        kernel_socket.write_message(INFO, binary=True)  # type: ignore[attr-defined]
        await until(lambda: not app.kernels._kernels[kernel_id].sockets)
        del kernel_socket
    gc.collect()  # asyncio tells of what nobody looked at when it is thrown away


async def test_what_a_kernel_says_to_nobody_goes_into_the_bounded_backlog(
    app: GifApp, sign_in: SignIn
) -> None:
    ada = await sign_in("ada@example.org")
    kernel_id = kernel_of(await ada.get("/"))
    async with connected(app, ada, kernel_id):
        pass
    await until(lambda: bool(app.kernel_manager._kernel_buffers[kernel_id]))
    assert isinstance(app.kernel_manager._kernel_buffers[kernel_id]["buffer"], Backlog)


async def test_what_is_said_to_a_page_that_has_gone_is_not_looked_at(
    app: GifApp, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Jupyter writes it in the protocol that has no names for its parts; Voilà would count them forever."""
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
    """What comes stays in the kernel's buffers, which are small beside what is said."""
    protocol: Any = page.protocol
    protocol.stream.io_loop.remove_handler(protocol.stream.socket)
    protocol.stream._state = None
    protocol.stream.read_chunk_size = 1


def unread_bytes(socket: Any) -> int:
    return len(socket.ws_connection.stream._write_buffer) if socket.ws_connection else 0


async def test_a_kernel_may_not_take_all_memory(app: GifApp, sign_in: SignIn) -> None:
    ada = await sign_in("ada@example.org")
    kernel = app.kernel_manager.get_kernel(kernel_of(await ada.get("/")))
    soft, _ = psutil.Process(kernel.provisioner.process.pid).rlimit(psutil.RLIMIT_DATA)
    assert soft == 640 * 1024**2


def test_a_state_is_asked_for_in_these_words() -> None:
    """As ipywidgets' manager does: another word would pass uncounted."""
    assert kernel_traffic._asks_for_states({"data": {"method": "request_states"}})
    assert json.loads(STATES[STATES.rindex(b'{"comm_id') :])["data"]["method"] == "request_states"
