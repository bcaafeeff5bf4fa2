"""The worker: one Huey consumer that runs one conversion at a time, and a sweep beside it."""

from __future__ import annotations

import os
import socket
import threading

import structlog
from huey.consumer import Consumer

from gifapp.jobs.forkserver import ForkServer
from gifapp.jobs.parts import JobParts
from gifapp.jobs.runner import Runner
from gifapp.jobs.sweep import sweeping

_log = structlog.get_logger()

_REDIS_AWAY_S = 2.0  # how often, at the least, to look whether it is back


def worker_name(pid: int) -> str:
    """Under which name the worker with this process id, on this machine, holds leases."""
    return f"{socket.gethostname()}:{pid}"


def run_worker(parts: JobParts, *, forks: ForkServer | None = None) -> None:
    """Work until SIGTERM, from the main thread of a process.

    SIGTERM drains: the running conversion may finish within `timings.drain_s`; then it is killed and
    its lease released, so that another worker takes it at once and no attempt is lost. SIGINT
    releases without waiting. `kill -9` leaves no process behind, and the sweep of the others does
    the rest.
    """
    give_up = threading.Event()
    forks = forks or ForkServer()
    forks.ensure_running()  # here: it dies with the thread that starts it
    parts.doorbell.on_ring = _runner(parts, forks, give_up).run_attempt
    _log.info("ready for work", worker=worker_name(os.getpid()))
    try:
        with sweeping(parts.service.sweep, every_s=parts.timings.sweep_s):
            _consume(parts, give_up)
    finally:
        forks.stop()


def _runner(parts: JobParts, forks: ForkServer, give_up: threading.Event) -> Runner:
    return Runner(
        blobs=parts.blobs,
        doorbell=parts.doorbell,
        announcer=parts.announcer,
        forks=forks,
        limits=parts.limits,
        timings=parts.timings,
        worker=worker_name(os.getpid()),
        give_up=give_up,
    )


def _consume(parts: JobParts, give_up: threading.Event) -> None:
    consumer = Consumer(
        parts.doorbell.huey,
        workers=1,
        worker_type="thread",
        periodic=False,
        max_delay=_REDIS_AWAY_S,
        scheduler_interval=60,
        graceful_signal="TERM",
        shutdown_timeout=parts.timings.drain_s,
    )
    consumer.run()
    give_up.set()
    for _, thread in consumer.worker_threads:
        thread.join()
