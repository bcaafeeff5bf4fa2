"""`python -m benchmarks.sizes [--write]`: the cost of a dashboard, a job and a request; machine capacity.

Starts its own servers, web server and worker. The video and the recipe are those of an ordinary
GIF: five seconds of 720p film, 480 px wide at 12.5 frames a second.
"""

from __future__ import annotations

import itertools
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psutil
import pymongo

from benchmarks import load, table, videos
from benchmarks.queue import done
from benchmarks.service import servers, web_server
from gifapp import processes
from gifapp.commands.parts import Foundation
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import JobView
from gifapp.jobs.db import leases, workers
from gifapp.jobs.db.documents import GifPart
from gifapp.jobs.db.scheduling import claim_next
from gifapp.jobs.parts import JobParts

DOCS = Path(__file__).parent.parent / "docs" / "sizes.md"

_DASHBOARDS, _WATCH_S = 6, 20.0
_JOBS, _EMPTY_JOBS = 10, 400
_EMAIL, _PASSWORD = "visitor{}@example.org", "four words of size"
_MB = 1e6
_NUMBERS = itertools.count(1)  # makes each job unique


class Costs(NamedTuple):
    """Costs of one open dashboard, one job, one request; seconds are CPU time on one core."""

    dashboard_mb: float
    dashboard_open_s: float
    dashboard_idle_cores: float
    web_mb: float
    request_s: float
    job_s: float
    job_mb: float
    job_documents_s: float
    job_stored_mb: float
    job_document_kb: float


class Machine(NamedTuple):
    cores: int
    memory_mb: float

    def jobs_per_hour(self, costs: Costs, *, busy: float = 0.8) -> float:
        """Jobs an hour with the cores busy for that share of the time."""
        return 3600 * self.cores * busy / costs.job_s

    def dashboards(self, costs: Costs, *, kept_mb: float = 2000) -> int:
        """How many fit, with some memory reserved for the system and the file cache."""
        by_memory = (self.memory_mb - kept_mb - costs.web_mb) / costs.dashboard_mb
        by_cores = 0.5 * self.cores / max(costs.dashboard_idle_cores, 1e-6)
        return int(min(by_memory, by_cores))


def measure() -> Costs:
    with servers() as foundation, foundation.build_jobs() as parts:
        documents_s, document_kb = _empty_jobs(foundation, parts)
        job_s, job_mb, stored_mb = _jobs(parts)
        with web_server() as (url, web):
            dashboard = _dashboards(foundation, url, web)
    under_load = load.measure()
    return Costs(
        *dashboard,
        web_mb=under_load.web_mb,
        request_s=under_load.web_cores / 50,
        job_s=job_s,
        job_mb=job_mb,
        job_documents_s=documents_s,
        job_stored_mb=stored_mb,
        job_document_kb=document_kb,
    )


def _dashboards(foundation: Foundation, url: str, web: psutil.Process) -> tuple[float, float, float]:
    """An open dashboard's memory (MB), the CPU time to open it (s), and the cores that it uses when idle."""
    with closing(foundation.build_identity()) as identity:
        for number in range(_DASHBOARDS + 1):
            identity.create_user(_EMAIL.format(number), _PASSWORD, "user")
    visits = [_visit(url, number) for number in range(_DASHBOARDS + 1)]
    visits[0]()  # load what is loaded only once
    before, begin_s = _memory_mb(web), _cpu_s(web)
    for visit in visits[1:]:
        visit()
    opened_s = _cpu_s(web) - begin_s
    memory_mb = _memory_mb(web) - before
    idle_s = _cpu_s(web)
    time.sleep(_WATCH_S)
    idle_cores = (_cpu_s(web) - idle_s) / _WATCH_S / (_DASHBOARDS + 1)
    return memory_mb / _DASHBOARDS, opened_s / _DASHBOARDS, idle_cores


def _visit(url: str, number: int) -> Callable[[], object]:
    browser = httpx.Client(base_url=url, timeout=60)
    person = {"email": _EMAIL.format(number), "password": _PASSWORD}
    browser.post("/api/v1/auth/login", json=person).raise_for_status()
    return lambda: browser.get("/").raise_for_status()


def _memory_mb(web: psutil.Process) -> float:
    """Memory of the web server and its kernels; shared memory counts once."""
    return sum(member.memory_full_info().pss for member in _family(web)) / _MB


def _cpu_s(process: psutil.Process) -> float:
    times = [member.cpu_times() for member in _family(process)]
    return sum(used.user + used.system for used in times)


def _family(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def _jobs(parts: JobParts) -> tuple[float, float, float]:
    """An ordinary job's CPU time including its worker (s), peak memory (MB) and stored size (MB)."""
    submit = _submitter(parts)
    with _worker() as worker:
        done(submit())  # warm
        before = worker.cpu_s()
        sizes = [job.gif.bytes for job in [done(submit()) for _ in range(_JOBS)]]
        spent_s = worker.cpu_s() - before
    return spent_s / _JOBS, worker.peak_mb, sum(sizes) / len(sizes) / _MB


class _Watched(threading.Thread):
    """A worker and its descendants; CPU includes children that have ended."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._process = psutil.Process(pid)
        self.peak_mb = 0.0

    def cpu_s(self) -> float:
        times = [member.cpu_times() for member in _family(self._process)]
        return sum(used.user + used.system + used.children_user + used.children_system for used in times)

    def run(self) -> None:
        while self._process.is_running():
            self.peak_mb = max(self.peak_mb, sum(map(_held_mb, _family(self._process))))
            time.sleep(0.1)


def _held_mb(process: psutil.Process) -> float:
    with suppress(psutil.Error):  # it ended while we looked
        return float(process.memory_full_info().pss) / _MB
    return 0.0


@contextmanager
def _worker() -> Iterator[_Watched]:
    process = processes.spawn([sys.executable, "-m", "gifapp", "worker"])
    try:
        assert processes.wait_until(lambda: workers.count_alive() > 0, timeout_s=60)
        watched = _Watched(process.pid)
        watched.start()
        yield watched
    finally:
        processes.stop(process, grace_s=20)


def _submitter(parts: JobParts) -> Callable[[], JobView]:
    video = videos.made(videos.bunny)
    with parts.sources.incoming("somebody") as incoming:
        incoming.write(video.read_bytes())
        source = parts.sources.add("somebody", incoming, video.name)
    return lambda: parts.submission.submit("somebody", source.id, Recipe(speed=1 + next(_NUMBERS) / 1e6))


def _empty_jobs(foundation: Foundation, parts: JobParts) -> tuple[float, float]:
    """CPU seconds of MongoDB and Redis, and kB of documents, for a job without a conversion."""
    submit = _submitter(parts)

    def servers_s() -> float:
        return sum(_cpu_s(server) for server in psutil.Process().children())

    with pymongo.MongoClient[dict[str, int]](foundation.mongodb_url) as client:
        database = client.get_default_database()
        before_s, before_bytes = servers_s(), _stored_bytes(database)
        for _ in range(_EMPTY_JOBS):
            submit()
            claimed = claim_next(worker="here:1", lease_s=30)
            assert claimed is not None
            attempt = leases.attempt_of(claimed)
            facts = {"bytes": 1, "width_px": 1, "height_px": 1, "frames": 1, "duration_s": 1}
            settled = leases.succeed(attempt, GifPart(key=attempt.key, **facts))
            assert settled is not None
            parts.events.job_changed(settled)
        spent_s, grown = servers_s() - before_s, _stored_bytes(database) - before_bytes
    return spent_s / _EMPTY_JOBS, grown / _EMPTY_JOBS / 1000


def _stored_bytes(database: Any) -> int:
    stats = database.command("dbStats")
    return int(stats["dataSize"] + stats["indexSize"])


def of_costs(costs: Costs) -> list[str]:
    """The costs, as a table."""
    idle = f"{1000 * costs.dashboard_idle_cores:.1f} thousandths of a core while nothing happens"
    queue = f"{1000 * costs.job_documents_s:.1f} ms of CPU of MongoDB and Redis"
    rows = (
        ("an open dashboard", f"{costs.dashboard_mb:.0f} MB", idle),
        ("opening one", "", f"{costs.dashboard_open_s:.1f} s of CPU"),
        ("a request of a script", "", f"{1000 * costs.request_s:.1f} ms of CPU"),
        ("a web server", f"{costs.web_mb:.0f} MB", ""),
        ("a job", f"{costs.job_mb:.0f} MB while it runs", f"{costs.job_s:.1f} s of CPU"),
        ("its documents", f"{costs.job_document_kb:.1f} kB in MongoDB", queue),
        ("its GIF", f"{costs.job_stored_mb:.1f} MB of storage", ""),
    )
    return table.plain(["part", "memory or storage", "CPU"], rows)


_NODE = Machine(cores=4, memory_mb=16_000)


def of_machines(costs: Costs) -> list[str]:
    """The capacity of 1, 10 and 100 machines of four cores and 16 GB, as a table."""
    data_jobs = 3600 * _NODE.cores * 0.5 / costs.job_documents_s
    rows = []
    for machines, webs, converting in ((1, 0.5, 0.5), (10, 3, 6), (100, 20, 79)):
        share = converting * _NODE.jobs_per_hour(costs) / data_jobs
        jobs = min(1.0, share) * data_jobs
        split = "all on one" if machines == 1 else f"{webs} web, {converting} workers, 1 data"
        dashboards = int(webs * _NODE.dashboards(costs))
        stored = f"{jobs * costs.job_stored_mb / 1000:,.0f} GB"
        rows.append((str(machines), split, f"{dashboards:,}", f"{jobs:,.0f}", stored, f"{100 * share:.1f} %"))
    heads = ["machines", "roles", "open dashboards", "jobs per hour", "GIFs per hour", "load on MongoDB"]
    return table.plain(heads, rows)


def main() -> None:
    tables = {"costs": of_costs(costs := measure()), "machines": of_machines(costs)}
    for name, lines in tables.items():
        print(f"\n{name}\n", *lines, sep="\n")
    if "--write" in sys.argv[1:]:
        table.write(DOCS, tables)


if __name__ == "__main__":
    main()
