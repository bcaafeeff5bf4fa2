"""`gifapp up`: runs the whole service on one machine."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from gifapp import errors
from gifapp.settings import Settings
from gifapp.up.checks import check_free_space, responds, usable_port
from gifapp.up.child import Child, Part
from gifapp.up.directory import Addresses, lock_data_directory, published_addresses
from gifapp.up.servers import Server, mongod_responds, mongod_server, redis_responds, redis_server
from gifapp.up.supervisor import Supervisor

_START_TIMEOUT_S = 60
# including MongoDB and Redis, everything stops within 15 s
_WEB_GRACE_S = 3
_WORKERS_GRACE_S = 7
_WORKER_DRAIN_S = 3  # then a worker returns its job to the queue
_WEB_DRAIN_S = 2  # then open requests are cut off


def run_up(settings: Settings, *, on_ready: Callable[[Settings], None]) -> None:
    """Run everything until SIGTERM, SIGINT or SIGHUP; calls `on_ready` once /health/ready responds.

    Raises:
        errors.SetupError: the service cannot start; the message says why.
    """
    data_dir = settings.data_dir.resolve()
    with lock_data_directory(data_dir), recorded_signals() as stopping:
        check_free_space(data_dir)
        port = usable_port(settings.host, settings.port)
        settings = settings.model_copy(update={"data_dir": data_dir, "port": port})
        servers, addresses = _servers(settings)
        stages = [[server.part for server in servers], _our_parts(settings, addresses)]
        children = [[_child(part, data_dir) for part in stage] for stage in stages]
        with published_addresses(data_dir, addresses):
            Supervisor(children, stopping).run(on_ready=lambda: on_ready(settings))


@contextlib.contextmanager
def recorded_signals() -> Iterator[Callable[[], bool]]:
    """Yield a function that returns whether a stop signal has arrived since the block began."""
    noted: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        noted.append(number)

    stops = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.signal(number, note) for number in stops}
    try:
        yield lambda: bool(noted)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _servers(settings: Settings) -> tuple[list[Server], Addresses]:
    servers: list[Server] = []

    def start_own(make: Callable[[Path], Server], name: str) -> str:
        servers.append(make(settings.data_dir / name))
        return servers[-1].url

    _check_configured(settings)
    redis_url = settings.redis_url or start_own(redis_server, "redis")
    mongodb_url = settings.mongodb_url or start_own(mongod_server, "mongodb")
    return servers, Addresses(settings.local_url, redis_url, mongodb_url)


def _check_configured(settings: Settings) -> None:
    if settings.redis_url and not redis_responds(settings.redis_url):
        raise errors.ServerUnreachable(setting="GIFAPP_REDIS_URL")
    if settings.mongodb_url and not mongod_responds(settings.mongodb_url):
        raise errors.ServerUnreachable(setting="GIFAPP_MONGODB_URL")


def _our_parts(settings: Settings, addresses: Addresses) -> list[Part]:
    environment = {**os.environ, **_passed_settings(settings, addresses), "PYTHONUNBUFFERED": "1"}
    # -P: never import from the working directory, which contains data
    gifapp = (sys.executable, "-P", "-m", "gifapp")
    web = Part(
        name="web",
        argv=(*gifapp, "web"),
        directory=settings.data_dir,
        environment=environment | {"GIFAPP_DRAIN_S": str(min(settings.drain_s, _WEB_DRAIN_S))},
        is_ready=lambda: responds(f"{settings.local_url}/health/ready"),
        start_timeout_s=_START_TIMEOUT_S,
        stop_grace_s=_WEB_GRACE_S,
        shows_output=True,
    )
    workers = Part(
        name="workers",
        argv=(*gifapp, "workers"),
        directory=settings.data_dir,
        environment=environment,
        is_ready=lambda: True,
        stop_grace_s=_WORKERS_GRACE_S,
    )
    return [web, workers]


def _passed_settings(settings: Settings, addresses: Addresses) -> dict[str, str]:
    return {
        "GIFAPP_DATA_DIR": str(settings.data_dir),
        **({"GIFAPP_SECRET_FILE": str(settings.secret_file.resolve())} if settings.secret_file else {}),
        "GIFAPP_HOST": settings.host,
        "GIFAPP_PORT": str(settings.port),
        "GIFAPP_WORKERS": settings.workers,
        "GIFAPP_DRAIN_S": str(min(settings.drain_s, _WORKER_DRAIN_S)),
        "GIFAPP_REDIS_URL": addresses.redis_url,
        "GIFAPP_MONGODB_URL": addresses.mongodb_url,
    }


def _child(part: Part, data_dir: Path) -> Child:
    return Child(part, log=data_dir / "logs" / f"{part.name}.log")
