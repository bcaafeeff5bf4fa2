"""The fair thread pool: the order of work, and whose surplus is refused."""

import asyncio
import contextvars
import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from gifapp import errors, processes
from gifapp.processes import wait_until
from gifapp.web.traffic.fair_pool import SURPLUS_NICE, FairPool


class Bench:
    """Work that blocks until it is released."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self._ends: dict[str, threading.Event] = {}

    def task(self, pool: FairPool, owner: str, name: str) -> asyncio.Task[str]:
        self._ends[name] = threading.Event()
        return asyncio.create_task(pool.run(owner, lambda: self._work(name)))

    def _work(self, name: str) -> str:
        self.begun.append(name)
        self._ends[name].wait()
        return name

    def end(self, *names: str) -> None:
        for name in names or self._ends:
            self._ends[name].set()


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.end()


async def test_other_users_are_served_next(bench: Bench) -> None:
    pool = FairPool("test", slots=1, max_waiting=10)
    flood = [bench.task(pool, "ann", f"ann {number}") for number in range(5)]
    await asyncio.sleep(0)
    other = bench.task(pool, "bob", "bob")
    bench.end()
    await asyncio.gather(*flood, other)
    assert bench.begun[:3] == ["ann 0", "bob", "ann 1"]
    assert pool.is_idle


async def test_long_work_of_one_user_leaves_a_slot_for_others(bench: Bench) -> None:
    pool = FairPool("test", slots=2, max_waiting=10)
    flood = [bench.task(pool, "ann", f"ann {number}") for number in range(5)]
    await asyncio.sleep(0)
    other = bench.task(pool, "bob", "bob")
    bench.end("bob")
    assert await other == "bob"  # while all of Ann's work runs or waits
    assert bench.begun == ["ann 0", "bob"]
    bench.end()
    await asyncio.gather(*flood)


async def test_surplus_is_refused_only_to_its_owner(bench: Bench) -> None:
    pool = FairPool("test", slots=1, max_waiting=1)
    taken = [bench.task(pool, "ann", "ann 0"), bench.task(pool, "ann", "ann 1")]
    await asyncio.sleep(0)
    with pytest.raises(errors.TooManyAtOnce) as refused:
        await pool.run("ann", str)
    assert refused.value.facts["retry_after_s"] > 0
    taken.append(bench.task(pool, "bob", "bob"))
    bench.end()
    assert await asyncio.gather(*taken) == ["ann 0", "ann 1", "bob"]


class CancelsScheduledWork(FairPool):
    """Cancels this task when a slot is freed: it may have been scheduled, but has not started."""

    scheduled: asyncio.Task[str]

    def _leave(self, owner_id: str, turn: asyncio.Future[None]) -> None:
        super()._leave(owner_id, turn)
        self.scheduled.cancel()


async def test_cancelled_work_holds_no_slot(bench: Bench) -> None:
    pool = CancelsScheduledWork("test", slots=1, max_waiting=10)
    first, pool.scheduled, third = (bench.task(pool, name, name) for name in ("ann", "bob", "eve"))
    await asyncio.sleep(0)
    third.cancel()
    bench.end()
    await first
    await asyncio.wait([pool.scheduled, third])
    assert pool.is_idle
    assert bench.begun == ["ann"]
    assert await pool.run("ann", lambda: "served") == "served"


async def test_work_without_caller_keeps_its_slot_until_it_ends(bench: Bench) -> None:
    pool = FairPool("test", slots=2, max_waiting=10)
    left = bench.task(pool, "ann", "left")
    assert await asyncio.to_thread(wait_until, lambda: bench.begun == ["left"], timeout_s=20)
    left.cancel()
    await asyncio.wait([left])
    again = bench.task(pool, "ann", "again")  # one slot of two is for others
    other = bench.task(pool, "bob", "bob")
    bench.end("bob")
    assert await other == "bob"
    assert bench.begun == ["left", "bob"]
    bench.end()
    assert await again == "again"


async def test_user_takes_no_more_slots_than_allowed(bench: Bench) -> None:
    pool = FairPool("test", slots=4, per_owner=1, max_waiting=10)
    flood = [bench.task(pool, "ann", f"ann {number}") for number in range(3)]
    others = [bench.task(pool, name, name) for name in ("bob", "eve")]
    bench.end("bob", "eve")
    assert await asyncio.gather(*others) == ["bob", "eve"]
    assert [name for name in bench.begun if name.startswith("ann")] == ["ann 0"]
    bench.end()
    await asyncio.gather(*flood)


def niceness_of_a_child() -> int:
    """The niceness of a child process spawned here, relative to ours."""
    argv = [sys.executable, "-c", "import os; print(os.nice(0))"]
    child = processes.spawn(argv, stdout=subprocess.PIPE)
    return int(child.communicate()[0]) - os.nice(0)


async def test_users_with_more_waiting_work_run_at_lower_priority() -> None:
    pool = FairPool("test", slots=3, max_waiting=10)
    flood = [pool.run("ann", niceness_of_a_child) for _ in range(6)]
    *floods, other = await asyncio.gather(*flood, pool.run("bob", niceness_of_a_child))
    assert floods == [
        0,
        0,
        *[SURPLUS_NICE] * 3,
        0,
    ]  # when the first two began, no more waited, nor for the last
    assert other == 0


async def test_failed_work_frees_its_slot_and_raises() -> None:
    pool = FairPool("test", slots=1, max_waiting=1)

    def breaks() -> None:
        raise errors.SourceDamaged

    for _ in range(2):
        with pytest.raises(errors.SourceDamaged):
            await pool.run("ann", breaks)
    assert pool.is_idle


async def test_work_has_the_context_of_its_request() -> None:
    request: contextvars.ContextVar[str] = contextvars.ContextVar("request")
    request.set("of Ann's")
    assert await FairPool("test", slots=1, max_waiting=1).run("ann", request.get) == "of Ann's"
