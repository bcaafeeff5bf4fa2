"""The whole service as users run it: `gifapp up` in its own process."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil

from gifapp.client import Client
from gifapp.processes import spawn, stop, wait_until

PASSWORD = "correct horse battery"
_START_S = 60.0
_STOP_S = 20.0


@dataclass(frozen=True)
class RunningService:
    """The running service's URL, and the setup URL for the first account (None if there is one)."""

    url: str
    setup_url: str
    printed: Path

    def sign_up(self, email: str) -> Client:
        """Register an account and return its client; registration must be open."""
        account = {"email": email, "password": PASSWORD, "setup_token": self.setup_url.rpartition("=")[2]}
        httpx.post(f"{self.url}/api/v1/auth/register", json=account, timeout=30).raise_for_status()
        return Client.sign_in(self.url, email, PASSWORD)


@contextmanager
def running_service(directory: Path, **environment: str) -> Iterator[RunningService]:
    """Run the service on `directory/data` until the block ends."""
    printed = directory / "printed"
    argv = [sys.executable, "-m", "gifapp", "up", "--port", "0", "--workers", "1..1"]
    with printed.open("wb") as output:
        process = spawn(
            [*argv, "--data-dir", str(directory / "data")],
            stdout=output,
            stderr=output,
            env=os.environ | {"GIFAPP_REGISTRATION": "open"} | environment,
        )
    try:
        started = lambda: process.poll() is not None or _ready(printed) is not None  # noqa: E731
        assert wait_until(started, timeout_s=_START_S)
        ready = _ready(printed)
        assert ready is not None, printed.read_text()
        yield ready
    finally:
        stop(process, grace_s=_STOP_S)


def web_server(service: RunningService) -> psutil.Process:
    """The process that answers requests; `gifapp up` starts another when it dies."""
    port = urlsplit(service.url).port
    children = psutil.Process().children(recursive=True)
    [process] = [child for child in children if port in {at.laddr.port for at in listening(child)}]
    return process


def listening(process: psutil.Process) -> list[Any]:
    try:
        return [at for at in process.net_connections("tcp") if at.status == psutil.CONN_LISTEN]
    except psutil.NoSuchProcess:
        return []


def _ready(printed: Path) -> RunningService | None:
    text = printed.read_text()
    url = re.search(r"is ready at (http\S+)\n", text)
    setup = re.search(r"(http\S+setup=\S+)\n", text)
    return RunningService(url[1], setup[1] if setup else "", printed) if url else None
