"""An S3 server in its own process: moto."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from s3fs import S3FileSystem

from gifapp.processes import spawn, stop, wait_until
from gifapp.up.ports import free_port

KEYS = {"AWS_ACCESS_KEY_ID": "gifapp", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}


@contextmanager
def running_moto(log: Path) -> Iterator[str]:
    """Run a server until the block ends; yields its URL."""
    port = free_port()
    with log.open("wb") as output:
        process = spawn(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdout=output,
            stderr=output,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        assert wait_until(lambda: is_there(url), timeout_s=30), log.read_text()
        yield url
    finally:
        stop(process, grace_s=2)


def is_there(url: str) -> bool:
    try:
        return httpx.get(f"{url}/moto-api/data.json").is_success
    except httpx.TransportError:
        return False


def make_bucket(url: str, name: str) -> S3FileSystem:
    """Create an empty bucket; returns a file system that reads it."""
    outside = S3FileSystem(
        key="gifapp",
        secret="secret",
        endpoint_url=url,
        skip_instance_cache=True,
        use_listings_cache=False,
    )
    outside.mkdir(name)
    return outside


def objects(outside: S3FileSystem, root: str) -> set[str]:
    return {path.removeprefix(f"{root}/") for path in outside.find(root)} - {"writable"}
