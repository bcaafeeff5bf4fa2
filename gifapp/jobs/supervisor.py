"""Scales the number of workers with the load, and restarts those that die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from gifapp import errors, processes
from gifapp.backoff import Backoff, RestartDelay
from gifapp.jobs.db import job_store
from gifapp.jobs.db.scheduling import RESERVED_WORKERS
from gifapp.jobs.worker import worker_name

_log = structlog.get_logger()

_RESTARTS = Backoff(first_s=0.5, longest_s=30)
_KILL_AFTER_S = 3.0  # after a worker's drain time is over


def desired_workers(queued: int, running: int, *, min_workers: int, max_workers: int) -> int:
    """One worker per queued or running job, and the reserved ones while jobs wait; within the bounds."""
    reserved = RESERVED_WORKERS if queued and running else 0
    return max(min_workers, min(queued + running + reserved, max_workers))


def capped_workers(min_workers: int, max_workers: int) -> int:
    """`max_workers`, capped at the number of cores plus two.

    A conversion keeps one core busy. The extra workers are those reserved for users who have no job running,
    and for short jobs (see `db.scheduling`), so one user's long jobs can still use every core.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(min_workers, min(max_workers, cores + RESERVED_WORKERS))


@dataclass(frozen=True)
class SupervisorTimings:
    """How fast the supervisor acts, in seconds."""

    look_every_s: float = 1.0
    cool_down_s: float = 60.0  # how long fewer workers must suffice before one is stopped
    young_s: float = 30.0  # a worker that dies younger than this counts as faulty
    restarts: Backoff = _RESTARTS


@dataclass
class _Worker:
    process: subprocess.Popen[Any]
    started: float = field(default_factory=time.monotonic)

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    @property
    def age_s(self) -> float:
        return time.monotonic() - self.started


class Supervisor:
    """Keeps between `min_workers` and `max_workers` workers, depending on the load.

    Args:
        argv: the command that starts a worker.
        load: returns the current load; raises errors.ServiceUnavailable when it is unknown.
        drain_s: how long a worker may take to stop.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        load: Callable[[], job_store.Load],
        min_workers: int,
        max_workers: int,
        drain_s: float,
        environment: Mapping[str, str] | None = None,
        pace: SupervisorTimings = SupervisorTimings(),
    ) -> None:
        self._argv = argv
        self._environment = environment
        self._load = load
        self._min_workers, self._max_workers = min_workers, max_workers
        self._drain_s = drain_s
        self._pace = pace
        self._workers: list[_Worker] = []
        self._stopping: list[tuple[_Worker, float]] = []
        self._restart = RestartDelay(pace.restarts, young_s=pace.young_s)
        self._enough_since: float | None = None

    def run(self, stopping: Callable[[], bool]) -> None:
        """Keep workers running until `stopping` returns True, then drain them all.

        Call it from a thread that outlives the workers: they die with it.
        """
        try:
            while not stopping():
                self._check()
                processes.wait_until(stopping, timeout_s=self._pace.look_every_s, every_s=0.1)
        finally:
            self._stop_all()

    def _check(self) -> None:
        self._remove_exited()
        self._kill_overdue()
        try:
            load = self._load()
        except errors.ServiceUnavailable as unavailable:
            _log.warning("queue load unknown", reason=str(unavailable))
            self._grow_to(self._min_workers)
            return
        target = desired_workers(
            load.queued, len(load.busy_workers), min_workers=self._min_workers, max_workers=self._max_workers
        )
        self._grow_to(target)
        self._shrink_to(target, load.busy_workers)

    def _remove_exited(self) -> None:
        for worker in [worker for worker in self._workers if worker.has_ended]:
            self._workers.remove(worker)
            processes.kill_group(worker.process.pid)
            self._restart.note_death(age_s=worker.age_s)
            status = worker.process.returncode  # 0: it reached its job or memory limit
            _log.warning("worker exited", pid=worker.process.pid, status=status)

    def _kill_overdue(self) -> None:
        for worker, deadline in list(self._stopping):
            if worker.has_ended or time.monotonic() > deadline:
                processes.stop(worker.process, grace_s=0)
                self._stopping.remove((worker, deadline))

    def _grow_to(self, target: int) -> None:
        if not self._restart.is_over:
            return
        for _ in range(target - len(self._workers)):
            process = processes.spawn(self._argv, env=self._environment, stdin=subprocess.DEVNULL)
            self._workers.append(_Worker(process))
            _log.info("worker started", pid=process.pid, workers=len(self._workers))

    def _shrink_to(self, target: int, busy: frozenset[str]) -> None:
        """Stop one idle worker once fewer have sufficed for the whole cool-down."""
        if target >= len(self._workers):
            self._enough_since = None
            return
        self._enough_since = self._enough_since or time.monotonic()
        if time.monotonic() - self._enough_since >= self._pace.cool_down_s:
            self._dismiss_idle(busy)

    def _dismiss_idle(self, busy: frozenset[str]) -> None:
        idle = [worker for worker in self._workers if worker_name(worker.process.pid) not in busy]
        if idle:
            self._workers.remove(idle[-1])
            self._request_stop(idle[-1])

    def _request_stop(self, worker: _Worker) -> None:
        worker.process.send_signal(signal.SIGTERM)
        self._stopping.append((worker, time.monotonic() + self._drain_s + _KILL_AFTER_S))
        _log.info("worker stopping", pid=worker.process.pid, workers=len(self._workers))

    def _stop_all(self) -> None:
        while self._workers:
            self._request_stop(self._workers.pop())
        while self._stopping:
            self._kill_overdue()
            time.sleep(0.05)


def run_workers(
    argv: Sequence[str] | None = None,
    *,
    min_workers: int,
    max_workers: int,
    drain_s: float,
    environment: Mapping[str, str] | None = None,
    pace: SupervisorTimings = SupervisorTimings(),
) -> None:
    """Keep workers running until SIGTERM or SIGINT. Call it from the process's main thread.

    The process must be connected to MongoDB (see `JobParts`), where the load is counted.

    Args:
        argv: the command that starts a worker; default: `python -m gifapp worker`.
        min_workers: the minimum number of workers.
        max_workers: the maximum; capped at the number of cores plus two.
        drain_s: how long a worker may take to finish its conversion (`Timings.drain_s`).
        environment: the workers' environment; default: this process's.
        pace: the supervisor's intervals.
    """
    signals_received: list[int] = []
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda signum, _: signals_received.append(signum))
    supervisor = Supervisor(
        argv or [sys.executable, "-m", "gifapp", "worker"],
        load=job_store.load,
        min_workers=min_workers,
        max_workers=capped_workers(min_workers, max_workers),
        drain_s=drain_s,
        environment=environment,
        pace=pace,
    )
    supervisor.run(lambda: bool(signals_received))
