"""The worker: a Huey consumer that runs one conversion at a time, and a sweep in another thread.

A message only wakes it: it then runs whichever jobs are next until none are due.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import structlog
from huey.consumer import Consumer

from gifapp.jobs.attempts.forkserver import ForkServer
from gifapp.jobs.attempts.runner import Runner
from gifapp.jobs.cleanup.sweep import sweeping
from gifapp.jobs.db import workers
from gifapp.jobs.parts import JobParts

_log = structlog.get_logger()

_LOOK_AGAIN_S = 0.2  # the pause after a wake-up for which there was no job
_REDIS_AWAY_S = 2.0  # the longest back-off between attempts to reach Redis again


def worker_name(pid: int) -> str:
    """The name under which this machine's worker with this process id holds leases."""
    return f"{socket.gethostname()}:{pid}"


@dataclass(frozen=True)
class WorkerLimits:
    """The limits after which a worker exits and a fresh one replaces it."""

    jobs: int = 500
    memory_bytes: int = 1024**3  # of the worker alone; conversions are separate processes


def run_worker(
    parts: JobParts,
    *,
    forks: ForkServer | None = None,
    worker_limits: WorkerLimits = WorkerLimits(),
) -> None:
    """Run jobs until SIGTERM or until it reaches `worker_limits`. Call it from the process's main thread.

    SIGTERM drains: the running conversion may finish within `timings.drain_s`. After that it is killed
    and its lease released, so another worker takes the job at once and no attempt is used up. SIGINT
    releases without waiting. `kill -9` leaves no process behind, and another process's sweep requeues
    the job.
    """
    give_up = threading.Event()
    forks = forks or ForkServer()
    forks.ensure_running()  # in this thread, because the fork server dies with the thread that starts it
    worker = _Worker(parts, _runner(parts, forks, give_up), worker_limits)
    worker.report()
    _log.info("worker ready", worker=worker.name)
    try:
        with (
            sweeping(worker.sweep, every_s=parts.timings.sweep_s),
            sweeping(parts.housekeeping, every_s=parts.timings.compare_look_s),
        ):
            worker.consume()
            give_up.set()
            worker.wait()
        workers.leave(worker.name)
    finally:
        forks.stop()


def _runner(parts: JobParts, forks: ForkServer, give_up: threading.Event) -> Runner:
    return Runner(
        blobs=parts.blobs,
        wakeups=parts.wakeups,
        events=parts.events,
        counters=parts.counters,
        forks=forks,
        limits=parts.limits,
        timings=parts.timings,
        worker=worker_name(os.getpid()),
        give_up=give_up,
        max_running=parts.allowance.running,
    )


class _Worker:
    """The Huey consumer and its statistics so far."""

    def __init__(self, parts: JobParts, runner: Runner, worker_limits: WorkerLimits) -> None:
        self.name = worker_name(os.getpid())
        self._sweep = parts.sweep
        self._runner = runner
        self._limits = worker_limits
        self._jobs = 0
        self._rests_until = 0.0
        parts.wakeups.on_wakeup = self._work_on
        self._consumer = Consumer(
            parts.wakeups.huey,
            workers=1,
            worker_type="thread",
            periodic=False,
            max_delay=_REDIS_AWAY_S,
            scheduler_interval=60,
            graceful_signal="TERM",
            shutdown_timeout=parts.timings.drain_s,
        )

    def consume(self) -> None:
        """Consume messages until SIGTERM; a conversion may still be running afterwards."""
        self._consumer.run()

    def wait(self) -> None:
        for _, thread in self._consumer.worker_threads:
            thread.join()

    def sweep(self) -> None:
        self.report()
        self._sweep()

    def report(self) -> None:
        workers.report(self.name, jobs=self._jobs, memory_bytes=_peak_bytes())

    def _work_on(self, _job_id: str) -> None:
        time.sleep(max(0.0, self._rests_until - time.monotonic()))
        before = self._jobs
        while not self._is_leaving() and self._runner.run_next():
            self._jobs += 1
            if self._has_reached_limit():
                _log.info("worker limit reached", jobs=self._jobs, memory_bytes=_peak_bytes())
                os.kill(os.getpid(), signal.SIGTERM)
        if self._jobs == before:  # a reserved worker is woken for many jobs that it may not take
            self._rests_until = time.monotonic() + _LOOK_AGAIN_S

    def _is_leaving(self) -> bool:
        return self._consumer.stop_flag.is_set() or self._has_reached_limit()

    def _has_reached_limit(self) -> bool:
        return self._jobs >= self._limits.jobs or _peak_bytes() >= self._limits.memory_bytes


def _peak_bytes() -> int:
    """The peak resident memory of this process."""
    if sys.platform == "linux":  # where `ru_maxrss` includes the peak of the process that started this one
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
