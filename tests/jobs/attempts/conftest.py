"""Runs attempts, each with its own runner."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gifapp.domain.limits import Limits
from gifapp.jobs.attempts.forkserver import ForkServer
from gifapp.jobs.attempts.runner import Runner
from gifapp.jobs.parts import JobParts
from gifapp.jobs.timings import Timings
from tests.jobs.conftest import ROOT

Run = Callable[..., "Attempted"]


@pytest.fixture(scope="package")
def fork_servers() -> Iterator[dict[str, ForkServer]]:
    """Those that were started, by their converter: a worker's serves many attempts, too."""
    started: dict[str, ForkServer] = {}
    yield started
    for server in started.values():
        server.stop()


@pytest.fixture
def fork_server(
    fork_servers: dict[str, ForkServer], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], ForkServer]:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("GIFAPP_SECRET", "x")

    def fork_server(converter: str) -> ForkServer:
        if converter not in fork_servers:
            fork_servers[converter] = ForkServer(f"tests.jobs.converters:{converter}")
        fork_servers[converter].ensure_running()  # on this thread, which outlives those of the attempts
        return fork_servers[converter]

    return fork_server


@pytest.fixture
def run(parts: JobParts, fork_server: Callable[[str], ForkServer]) -> Callable[[str, str], threading.Thread]:
    """Run one attempt of a job with a converter, in a thread that has started when this returns."""

    def run(converter: str, job_id: str, **changes: Any) -> Attempted:
        return Attempted(parts, fork_server(converter), job_id, **changes)

    return run


class Attempted(threading.Thread):
    def __init__(
        self,
        parts: JobParts,
        forks: ForkServer,
        job_id: str,
        limits: Limits | None = None,
        timings: Timings | None = None,
    ) -> None:
        super().__init__()
        self.give_up = threading.Event()
        self._job_id = job_id
        self._runner = Runner(
            blobs=parts.blobs,
            wakeups=parts.wakeups,
            events=parts.events,
            counters=parts.counters,
            forks=forks,
            limits=limits or parts.limits,
            timings=timings or parts.timings,
            worker="here",
            give_up=self.give_up,
        )
        self.start()

    def run(self) -> None:
        self._runner.run_next()

    def ended(self, *, within_s: float = 30) -> None:
        self.join(within_s)
        assert not self.is_alive()
