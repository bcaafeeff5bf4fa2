"""The service under test: `gifapp up` in its own process, and its parts as seen from outside."""

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Any
from uuid import uuid4

import psutil

from gifapp.processes import spawn, wait_until
from tests.chaos.quick_gifapp import ROOT

_MARK = "CHAOS_RUN"  # an environment variable that all its processes inherit, even when they are reparented
_START_S = 90.0
_STOP_S = 20.0

REAL = (sys.executable, "-m", "gifapp", "up", "--port", "0")
QUICK = (sys.executable, "-m", "tests.chaos.quick_gifapp", "up")


@dataclass(frozen=True)
class Service:
    """The running service."""

    process: Popen[Any]
    data_dir: Path
    printed: Path
    mark: str

    @property
    def url(self) -> str:
        return self._addresses["url"]

    @property
    def redis_url(self) -> str:
        return self._addresses["redis_url"]

    @property
    def mongodb_url(self) -> str:
        return self._addresses["mongodb_url"]

    @property
    def temporary_files(self) -> list[str]:
        return sorted(str(path) for path in (self.data_dir.parent / "tmp").rglob("*"))

    @property
    def setup_token(self) -> str:
        return self.printed.read_text().partition("?setup=")[2].split()[0]

    @property
    def _addresses(self) -> dict[str, str]:
        addresses: dict[str, str] = json.loads((self.data_dir / "run" / "services.json").read_text())
        return addresses

    def part(self, name: str) -> list[psutil.Process]:
        """The processes of `web`, `workers`, `valkey-server` or `mongod`; empty while it is down."""
        return [child for child in _children(psutil.Process(self.process.pid)) if _is_called(child, name)]

    def workers(self) -> list[psutil.Process]:
        """All worker processes, busy or idle."""
        return [worker for supervisor in self.part("workers") for worker in _children(supervisor)]

    def busy_workers(self) -> list[psutil.Process]:
        return [worker for worker in self.workers() if _conversions_of(worker)]

    def conversions(self) -> list[psutil.Process]:
        """The conversion processes of all workers."""
        return [child for worker in self.workers() for child in _conversions_of(worker)]

    def relatives(self) -> list[psutil.Process]:
        """Every living process that the service has started, directly or indirectly."""
        return [process for process in psutil.process_iter(["status"]) if self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        if process.info["status"] == psutil.STATUS_ZOMBIE:
            return False
        with contextlib.suppress(psutil.Error):
            if process.environ().get(_MARK) == self.mark:
                return True
        # redis-server overwrites its environment with its title
        with contextlib.suppress(psutil.Error):
            return Path(process.cwd()).is_relative_to(self.data_dir)
        return False

    def stop(self) -> tuple[int | None, list[psutil.Process]]:
        """Terminate it; returns its exit status and the processes that outlived it."""
        self.process.terminate()
        wait_until(lambda: self.process.poll() is not None, timeout_s=_STOP_S)
        wait_until(lambda: not self.relatives(), timeout_s=2)
        return self.process.poll(), self.relatives()


@contextlib.contextmanager
def running(argv: tuple[str, ...], directory: Path, *, workers: str) -> Iterator[Service]:
    """Start the service with an empty data directory; kill whatever is left of it at the end."""
    data_dir, printed, mark = directory / "data", directory / "printed", uuid4().hex
    data_dir.mkdir()
    (directory / "tmp").mkdir()
    with printed.open("wb") as output:
        process = spawn(
            argv, cwd=ROOT, stdout=output, stderr=output, env=_environment(data_dir, mark, workers)
        )
    service = Service(process, data_dir, printed, mark)
    try:
        assert wait_until(
            lambda: process.poll() is not None or "is ready at" in printed.read_text(), timeout_s=_START_S
        )
        assert process.poll() is None, printed.read_text()
        yield service
    finally:
        process.kill()
        process.wait()
        for relative in service.relatives():
            relative.kill()


def _environment(data_dir: Path, mark: str, workers: str) -> dict[str, str]:
    return os.environ | {
        _MARK: mark,
        "PYTHONPATH": str(ROOT),
        "TMPDIR": str(data_dir.parent / "tmp"),
        "GIFAPP_DATA_DIR": str(data_dir),
        "GIFAPP_REGISTRATION": "open",
        "GIFAPP_WORKERS": workers,
        "GIFAPP_LOG_FORMAT": "json",
    }


def _children(process: psutil.Process) -> list[psutil.Process]:
    # any of them may end meanwhile
    with contextlib.suppress(psutil.Error):
        return list(process.children())
    return []


def _conversions_of(worker: psutil.Process) -> list[psutil.Process]:
    return [child for fork_server in _children(worker) for child in _children(fork_server)]


def _is_called(process: psutil.Process, name: str) -> bool:
    with contextlib.suppress(psutil.Error):
        words = process.cmdline()
        return bool(words) and (words[-1] == name or Path(words[0].split()[0]).name == name)
    return False
