"""Threads that everybody shares: in which order work is done, and whose is refused."""

import asyncio
import contextvars
import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from gifapp import errors, processes
from gifapp.web.traffic.fair_pool import SURPLUS_NICE, FairPool


class Bench:
    """Work that begins, and goes on until it is told to end."""

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


async def test_whatever_one_person_asks_for_another_is_served_next(bench: Bench) -> None:
    pool = FairPool("test", slots=1, max_waiting=10)
    flood = [bench.task(pool, "ann", f"ann {number}") for number in range(5)]
    await asyncio.sleep(0)
    other = bench.task(pool, "bob", "bob")
    bench.end()
    await asyncio.gather(*flood, other)
    assert bench.begun[:3] == ["ann 0", "bob", "ann 1"]
    assert pool.is_idle


async def test_however_long_ones_work_takes_another_finds_a_slot(bench: Bench) -> None:
    pool = FairPool("test", slots=2, max_waiting=10)
    flood = [bench.task(pool, "ann", f"ann {number}") for number in range(5)]
    await asyncio.sleep(0)
    other = bench.task(pool, "bob", "bob")
    bench.end("bob")
    assert await other == "bob"  # while all that Ann asked for goes on, or waits
    assert bench.begun == ["ann 0", "bob"]
    bench.end()
    await asyncio.gather(*flood)


async def test_a_surplus_is_refused_to_its_owner_alone(bench: Bench) -> None:
    pool = FairPool("test", slots=1, max_waiting=1)
    taken = [bench.task(pool, "ann", "ann 0"), bench.task(pool, "ann", "ann 1")]
    await asyncio.sleep(0)
    with pytest.raises(errors.TooManyAtOnce) as refused:
        await pool.run("ann", str)
    assert refused.value.facts["retry_after_s"] > 0
    taken.append(bench.task(pool, "bob", "bob"))
    bench.end()
    assert await asyncio.gather(*taken) == ["ann 0", "ann 1", "bob"]


async def test_who_is_cancelled_while_waiting_or_just_called_holds_no_slot(bench: Bench) -> None:
    pool = FairPool("test", slots=1, max_waiting=10)
    first, second, third = (bench.task(pool, name, name) for name in ("ann", "bob", "eve"))
    await asyncio.sleep(0)
    third.cancel()
    bench.end()
    await first
    second.cancel()  # its turn has come, and it does not know it yet
    await asyncio.wait([second, third])
    assert pool.is_idle
    assert await pool.run("ann", lambda: "served") == "served"


def niceness_of_a_child() -> int:
    """By how much a process that is spawned here gives way, besides what we do ourselves."""
    argv = [sys.executable, "-c", "import os; print(os.nice(0))"]
    child = processes.spawn(argv, stdout=subprocess.PIPE)
    return int(child.communicate()[0]) - os.nice(0)


async def test_on_the_cpu_those_for_whom_more_waits_give_way() -> None:
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


async def test_what_goes_wrong_frees_its_slot_and_is_told() -> None:
    pool = FairPool("test", slots=1, max_waiting=1)

    def breaks() -> None:
        raise errors.SourceDamaged

    for _ in range(2):
        with pytest.raises(errors.SourceDamaged):
            await pool.run("ann", breaks)
    assert pool.is_idle


async def test_work_knows_the_request_that_asked_for_it() -> None:
    request: contextvars.ContextVar[str] = contextvars.ContextVar("request")
    request.set("of Ann's")
    assert await FairPool("test", slots=1, max_waiting=1).run("ann", request.get) == "of Ann's"
