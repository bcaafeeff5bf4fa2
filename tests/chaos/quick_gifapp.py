"""`gifapp` with short leases: the same parts, built with timings that suit a short chaos run."""

import contextlib
import os
import sys
from pathlib import Path

from gifapp import logs, settings
from gifapp.backoff import Backoff
from gifapp.commands.parts import Foundation, prepare
from gifapp.jobs.cleanup.sweep import sweeping
from gifapp.jobs.parts import JobParts
from gifapp.jobs.supervisor import SupervisorTimings, run_workers
from gifapp.jobs.timings import Timings
from gifapp.jobs.worker import run_worker
from gifapp.up.checks import responds
from gifapp.up.child import Child, Part
from gifapp.up.directory import Addresses, published_addresses
from gifapp.up.ports import free_port
from gifapp.up.run import recorded_signals
from gifapp.up.servers import mongod_server, redis_server
from gifapp.up.supervisor import Supervisor
from gifapp.web.app import run_web
from gifapp.web.http.context import build_parts
from gifapp.web.pages.pages import notebooks_directory
from tests.support.storages import storage_at

ROOT = Path(__file__).parents[2]
TIMINGS = Timings(
    lease_s=2, heartbeat_s=0.3, sweep_s=0.5, renotify_s=1, drain_s=1, overtime_s=0.5, abandoned_s=2
)
PACE = SupervisorTimings(
    look_every_s=0.2, cool_down_s=2, young_s=1, restarts=Backoff(first_s=0.1, longest_s=0.5)
)


def main(verb: str) -> None:
    logs.configure(log_format="json")
    {"up": up, "web": web, "workers": workers, "worker": worker}[verb]()


def up() -> None:
    """Run what `gifapp up` runs, but with the `web` and `workers` of this module."""
    configured = settings.load()
    servers = [redis_server(configured.data_dir / "redis"), mongod_server(configured.data_dir / "mongodb")]
    url = f"http://127.0.0.1:{free_port()}"
    addresses = Addresses(url, servers[0].url, servers[1].url)
    stages = [
        [server.part for server in servers],
        [_part(verb, configured.data_dir, addresses) for verb in ROLES],
    ]
    for name in ("run", "logs"):
        (configured.data_dir / name).mkdir()
    children = [
        [Child(part, configured.data_dir / "logs" / f"{part.name}.log") for part in stage] for stage in stages
    ]
    with recorded_signals() as stopping, published_addresses(configured.data_dir, addresses):
        Supervisor(children, stopping).run(on_ready=lambda: print(f"gifapp is ready at {url}", flush=True))  # noqa: T201


ROLES = ("web", "workers")


def _part(verb: str, data_dir: Path, addresses: Addresses) -> Part:
    return Part(
        name=verb,
        argv=_argv(verb),
        directory=data_dir,
        environment=os.environ
        | {
            "GIFAPP_PORT": addresses.url.rpartition(":")[2],
            "GIFAPP_REDIS_URL": addresses.redis_url,
            "GIFAPP_MONGODB_URL": addresses.mongodb_url,
        },
        is_ready=lambda: verb != "web" or responds(f"{addresses.url}/health/ready"),
        shows_output=verb == "web",
        stop_grace_s=5,
    )


def _argv(verb: str) -> tuple[str, ...]:
    return sys.executable, "-m", __spec__.name, verb


def web() -> None:
    foundation = prepare(settings.load())
    with (
        _jobs(foundation) as jobs,
        contextlib.closing(foundation.build_identity()) as identity,
        sweeping(jobs.sweep, every_s=TIMINGS.sweep_s),
    ):
        parts = build_parts(jobs, identity, secret=foundation.secret, redis_url=foundation.redis_url)
        run_web(parts, notebooks=notebooks_directory(), host="127.0.0.1", port=foundation.settings.port)


def workers() -> None:
    foundation = prepare(settings.load())
    min_workers, max_workers = foundation.settings.worker_range
    with _jobs(foundation):
        run_workers(
            _argv("worker"),
            min_workers=min_workers,
            max_workers=max_workers,
            drain_s=TIMINGS.drain_s,
            pace=PACE,
        )


def worker() -> None:
    with _jobs(prepare(settings.load())) as jobs:
        run_worker(jobs)


def _jobs(foundation: Foundation) -> JobParts:
    return JobParts(
        mongodb_url=foundation.mongodb_url,
        redis_url=foundation.redis_url,
        blobs=storage_at((foundation.settings.data_dir / "storage").as_uri()),
        secret=foundation.secret,
        limits=foundation.settings.limits,
        timings=TIMINGS,
    )


if __name__ == "__main__":
    main(sys.argv[1])
