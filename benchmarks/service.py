"""A whole service for benchmarks, with its own MongoDB and Redis in a temporary folder."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from gifapp import processes
from gifapp.commands.parts import Foundation, prepare
from gifapp.settings import Settings
from gifapp.up.ports import free_port
from gifapp.up.servers import running_mongod, running_redis

_PATIENCE_S = 30.0


@contextmanager
def servers() -> Iterator[Foundation]:
    """Start the servers; processes started meanwhile inherit the same settings."""
    with (
        tempfile.TemporaryDirectory() as scratch,
        running_mongod(Path(scratch) / "mongodb") as mongodb_url,
        running_redis(Path(scratch) / "redis") as redis_url,
    ):
        os.environ |= {
            "GIFAPP_DATA_DIR": scratch,
            "GIFAPP_MONGODB_URL": mongodb_url,
            "GIFAPP_REDIS_URL": redis_url,
            "GIFAPP_LOG_LEVEL": "warning",
        }
        yield prepare(Settings())


@contextmanager
def web_server() -> Iterator[tuple[str, psutil.Process]]:
    """Start a web server on these servers; yields its URL and process."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = processes.spawn([sys.executable, "-m", "gifapp", "web", "--port", str(port)])
    try:
        assert processes.wait_until(lambda: _is_ready(url), timeout_s=_PATIENCE_S, every_s=0.2)
        yield url, psutil.Process(process.pid)
    finally:
        processes.stop(process, grace_s=20)


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready").is_success
    except httpx.TransportError:
        return False
