"""Restarts every part in turn while users work, with two web servers behind one address."""

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gifapp.up.checks import responds
from gifapp.up.child import Child, Part
from gifapp.up.ports import free_port
from gifapp.up.servers import mongod_server, redis_server
from tests.chaos.people import Ledger
from tests.chaos.quick_gifapp import ROOT
from tests.support.line import Line

_DRAIN_S = 120.0  # longer than any of these conversions
_GIFAPP = (sys.executable, "-P", "-m", "gifapp")
_PAUSE_S = 3.0


@dataclass
class Team:
    """The service as separate parts, as a deployment runs it; each part can be restarted alone."""

    directory: Path
    servers: dict[str, Child]
    urls: dict[str, str]
    webs: list[Child] = field(default_factory=list)
    workers: list[Child] = field(default_factory=list)
    line: Line | None = None

    @property
    def url(self) -> str:
        assert self.line
        return f"http://127.0.0.1:{self.line.port}"

    @property
    def setup_token(self) -> str:
        output = self.webs[0].log.read_text()
        return output.partition("?setup=")[2].split()[0]

    def restart_web(self) -> None:
        """Restart the web servers one after the other, so that one always answers."""
        for web in self.webs:
            _restart(web)

    def restart_workers(self) -> None:
        """Start new workers, then let the old ones finish their jobs and exit."""
        old, self.workers = self.workers, [self._started_workers(f"workers-{len(self.workers) + 1}")]
        for workers in old:
            workers.stop()

    def restart_redis(self) -> None:
        _restart(self.servers["redis"])

    def restart_mongodb(self) -> None:
        _restart(self.servers["mongodb"])

    def start(self) -> None:
        for server in self.servers.values():
            server.start()
            server.wait_until_ready()
        ports = [free_port() for _ in range(2)]
        self.webs = [self._web(port) for port in ports]
        for web in self.webs:
            web.start()
            web.wait_until_ready()
        self.workers = [self._started_workers("workers")]
        self.line = Line(*ports)

    def stop(self) -> None:
        if self.line:
            self.line.close()
        for child in (*self.webs, *self.workers, *self.servers.values()):
            child.stop()

    def _web(self, port: int) -> Child:
        is_ready = lambda: responds(f"http://127.0.0.1:{port}/health/ready")  # noqa: E731
        return self._child(f"web-{port}", "web", "--port", str(port), is_ready=is_ready, drain_s=8)

    def _started_workers(self, name: str) -> Child:
        log = self.directory / f"{name}.log"
        is_ready = lambda: log.exists() and log.read_text().count("worker ready") == 2  # noqa: E731
        words = ("workers", "--min", "2", "--max", "2")
        child = self._child(name, *words, is_ready=is_ready, drain_s=_DRAIN_S)
        child.start()
        child.wait_until_ready()
        return child

    def _child(self, name: str, *words: str, is_ready: Callable[[], bool], drain_s: float) -> Child:
        environment = os.environ | {
            "PYTHONPATH": str(ROOT),
            "GIFAPP_DATA_DIR": str(self.directory),
            "GIFAPP_REGISTRATION": "open",
            "GIFAPP_DRAIN_S": str(drain_s),
            **self.urls,
        }
        part = Part(name, (*_GIFAPP, *words), self.directory, is_ready, environment, 60, drain_s + 5)
        return Child(part, self.directory / f"{name}.log")


def _restart(child: Child) -> None:
    child.stop()
    child.start()
    child.wait_until_ready()


@contextmanager
def team(directory: Path) -> Iterator[Team]:
    """Run Redis, MongoDB, two web servers behind one address, and two workers."""
    redis, mongodb = redis_server(directory / "redis"), mongod_server(directory / "mongodb")
    servers = {
        "redis": Child(redis.part, directory / "redis.log"),
        "mongodb": Child(mongodb.part, directory / "mongodb.log"),
    }
    parts = Team(directory, servers, {"GIFAPP_REDIS_URL": redis.url, "GIFAPP_MONGODB_URL": mongodb.url})
    with ExitStack() as stack:
        stack.callback(parts.stop)
        parts.start()
        yield parts


@dataclass(frozen=True)
class Restart:
    """What was restarted, how long it took, and how often users had to retry meanwhile."""

    what: str
    took_s: float
    retries: Counter[str]


def restart_all(team: Team, ledger: Ledger) -> list[Restart]:
    """Restart each part in turn, with a pause after each."""
    verbs = {
        "web servers": team.restart_web,
        "workers": team.restart_workers,
        "Redis": team.restart_redis,
        "MongoDB": team.restart_mongodb,
    }
    restarts = []
    for what, restart in verbs.items():
        before, start = Counter(ledger.retries), time.monotonic()
        restart()
        took_s = time.monotonic() - start
        time.sleep(_PAUSE_S)
        restarts.append(Restart(what, took_s, ledger.retries - before))
    return restarts
