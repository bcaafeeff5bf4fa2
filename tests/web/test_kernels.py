"""The registry of kernels: who may have one, what it knows, and when it ends."""

import asyncio
import io
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from gifapp import errors, logs
from gifapp.identity.service import Caller, Identity
from gifapp.web.pages.kernel_traffic import SOCKETS
from gifapp.web.pages.kernels import Kernels, inherited
from tests.test_logs import written

__all__ = ["written"]

TOMORROW = datetime.now(UTC) + timedelta(days=1)
ADA = Caller(user_id="ada", email="ada@example.org", role="user", session_id="a1", expires_at=TOMORROW)
BOB = Caller(user_id="bob", email="bob@example.org", role="user", session_id="b1", expires_at=TOMORROW)


class Manager:
    """Jupyter's kernel manager, without processes."""

    def __init__(self) -> None:
        self.running: dict[str, dict[str, Any]] = {}
        self.outputs: dict[str, int] = {}
        self.gate = asyncio.Event()
        self.gate.set()

    def __contains__(self, kernel_id: str) -> bool:
        return kernel_id in self.running

    async def start_kernel(self, *, kernel_id: str, **launch: Any) -> None:
        await self.gate.wait()
        assert launch["server"] is not None
        self.outputs[kernel_id] = os.dup(launch["output"].fileno())  # like a process's
        self.running[kernel_id] = launch

    def prints(self, kernel_id: str, what: bytes) -> None:
        os.write(self.outputs[kernel_id], what)

    async def shutdown_kernel(self, kernel_id: str, *, now: bool) -> None:
        assert now
        del self.running[kernel_id]


class Sessions:
    """The part of Identity that kernels use."""

    def __init__(self) -> None:
        self.over: set[str] = set()
        self.away = False

    def is_live(self, caller: Caller) -> bool:
        if self.away:
            raise errors.ServiceUnavailable(service="MongoDB")
        return caller.session_id not in self.over


class Page:
    """The page's end of a kernel's websocket."""

    closed: tuple[object, ...] | None = None

    def close(self, *why: object) -> None:
        self.closed = why


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def manager() -> Iterator[Manager]:
    started = Manager()
    yield started
    for output in started.outputs.values():
        os.close(output)


@pytest.fixture
def sessions() -> Sessions:
    return Sessions()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def kernels(
    manager: Manager, sessions: Sessions, clock: Clock, tmp_path: Path
) -> AsyncIterator[Kernels]:
    bounds = {"max_kernels": 3, "per_visitor": 2, "grace_s": 90}
    identity = cast(Identity, sessions)
    running = Kernels(manager, identity, url="http://127.0.0.1:1", home=tmp_path, clock=clock, **bounds)
    yield running
    await running.end_all()


async def test_kernel_belongs_to_its_visitor(kernels: Kernels) -> None:
    kernel_id = await kernels.start(ADA, "python3")
    assert kernels.belongs_to(kernel_id, "ada")
    assert not kernels.belongs_to(kernel_id, "bob")
    assert not kernels.belongs_to("another", "ada")


async def test_token_in_the_environment_identifies_the_visitor(kernels: Kernels, manager: Manager) -> None:
    tokens = [
        manager.running[await kernels.start(who, "python3")]["env"]["GIFAPP_KERNEL_TOKEN"]
        for who in (ADA, BOB)
    ]
    assert [kernels.caller_of(token) for token in tokens] == [ADA, BOB]
    assert kernels.caller_of("made up") is None


async def test_kernel_inherits_no_secret() -> None:
    environment = {
        "PATH": "/bin",
        "LC_ALL": "C",
        "GIFAPP_REDIS_URL": "redis://:secret@x",
        "AWS_SECRET_ACCESS_KEY": "x",
    }
    assert inherited(environment) == {"PATH": "/bin", "LC_ALL": "C"}


async def test_kernel_inherits_the_hot_reload_variable() -> None:
    assert inherited({"ANYWIDGET_HMR": "1"}) == {"ANYWIDGET_HMR": "1"}


async def test_kernels_per_visitor_are_limited(kernels: Kernels) -> None:
    for _ in range(2):
        await kernels.start(ADA, "python3")
    with pytest.raises(errors.TooManyDashboards):
        await kernels.start(ADA, "python3")
    await kernels.start(BOB, "python3")
    with pytest.raises(errors.DashboardsFull):
        await kernels.start(BOB, "python3")


async def test_starting_kernels_count(kernels: Kernels, manager: Manager) -> None:
    manager.gate.clear()
    starting = [asyncio.create_task(kernels.start(ADA, "python3")) for _ in range(3)]
    await asyncio.sleep(0)
    manager.gate.set()
    outcomes = await asyncio.gather(*starting, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [str, str, errors.TooManyDashboards]


async def test_failed_start_frees_its_place(kernels: Kernels, manager: Manager, monkeypatch: Any) -> None:
    async def fail(**_: Any) -> None:
        raise OSError("no more processes")

    monkeypatch.setattr(manager, "start_kernel", fail)
    with pytest.raises(OSError, match="no more"):
        await kernels.start(ADA, "python3")
    assert not kernels.ids()


async def test_kernel_ended_during_its_start_is_stopped(kernels: Kernels, manager: Manager) -> None:
    manager.gate.clear()
    starting = asyncio.create_task(kernels.start(ADA, "python3"))
    await asyncio.sleep(0)
    await kernels.end_all()
    manager.gate.set()
    with pytest.raises(errors.NotSignedIn):
        await starting
    assert not manager.running


async def test_noisy_kernel_does_not_fill_the_log(
    kernels: Kernels, manager: Manager, written: io.StringIO, tmp_path: Path
) -> None:
    loud, quiet = await kernels.start(ADA, "python3"), await kernels.start(BOB, "python3")
    for _ in range(100):
        manager.prints(loud, b"No such comm: ?access_token=secret\n" * 100)
        await asyncio.sleep(0)
    manager.prints(quiet, b"Traceback\n  something\n")
    await kernels.end_all()
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert sum(line["event"] == f"kernel {loud} printed" for line in lines) == logs._MAX_REPEATS
    assert (f"kernel {quiet} printed", "Traceback\n  something") in [
        (line["event"], line.get("output")) for line in lines
    ]
    assert len(written.getvalue()) < 200_000
    assert "secret" not in written.getvalue()


@pytest.mark.parametrize(
    ("happens", "gone"),
    [
        ("nobody ever connects", True),
        ("a page is connected", False),
        ("the page leaves", True),
        ("the page comes back", False),
        ("one of two pages leaves", False),
    ],
)
async def test_kernel_lives_as_long_as_its_page(
    kernels: Kernels, clock: Clock, happens: str, gone: bool
) -> None:
    kernel_id = await kernels.start(ADA, "python3")
    _PAGES[happens](kernels, kernel_id)
    clock.now_s += 89
    await kernels.reap()
    assert kernels.ids() == [kernel_id]
    clock.now_s += 2
    await kernels.reap()
    assert kernels.ids() == ([] if gone else [kernel_id])


async def test_page_that_keeps_reconnecting_is_refused(kernels: Kernels) -> None:
    kernel_id = await kernels.start(ADA, "python3")
    admitted = []
    for _ in range(SOCKETS + 1):
        page = Page()
        admitted.append(kernels.connected(kernel_id, page))
        kernels.disconnected(kernel_id, page)
    assert admitted == [True] * SOCKETS + [False]


def _leaves(kernels: Kernels, kernel_id: str) -> None:
    page = Page()
    kernels.connected(kernel_id, page)
    kernels.disconnected(kernel_id, page)


def _comes_back(kernels: Kernels, kernel_id: str) -> None:
    _leaves(kernels, kernel_id)
    kernels.connected(kernel_id, Page())


def _one_of_two(kernels: Kernels, kernel_id: str) -> None:
    kernels.connected(kernel_id, Page())
    _leaves(kernels, kernel_id)


_PAGES: dict[str, Callable[[Kernels, str], object]] = {
    "nobody ever connects": lambda *_: None,
    "a page is connected": lambda kernels, kernel_id: kernels.connected(kernel_id, Page()),
    "the page leaves": _leaves,
    "the page comes back": _comes_back,
    "one of two pages leaves": _one_of_two,
}


async def test_kernels_of_an_ended_session_end(
    kernels: Kernels, manager: Manager, sessions: Sessions
) -> None:
    page = Page()
    kernels.connected(await kernels.start(ADA, "python3"), page)
    stays = await kernels.start(BOB, "python3")
    sessions.over.add("a1")
    await kernels.reap()
    assert list(manager.running) == kernels.ids() == [stays]
    assert page.closed == (1000, "the session has ended")


async def test_unreachable_database_ends_no_kernel(kernels: Kernels, sessions: Sessions) -> None:
    kernel_id = await kernels.start(ADA, "python3")
    sessions.away = True
    await kernels.reap()
    assert kernels.ids() == [kernel_id]


async def test_dead_kernel_is_forgotten(kernels: Kernels, manager: Manager) -> None:
    kernel_id = await kernels.start(ADA, "python3")
    kernels.connected(kernel_id, Page())
    manager.running.clear()
    await kernels.reap()
    assert not kernels.ids()


async def test_ending_a_kernel_twice_is_harmless(kernels: Kernels) -> None:
    kernel_id = await kernels.start(ADA, "python3")
    await asyncio.gather(kernels.end(kernel_id), kernels.end(kernel_id))
    assert not kernels.ids()
