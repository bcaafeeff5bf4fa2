"""A worker in its own process, with the settings that its test passes."""

import os
import sys
from dataclasses import replace
from pathlib import Path

from gifapp import logs, sentry
from gifapp.domain.limits import Limits
from gifapp.jobs.attempts.forkserver import ForkServer
from gifapp.jobs.parts import JobParts
from gifapp.jobs.worker import WorkerLimits, run_worker
from tests.jobs.conftest import QUICK, SECRET
from tests.support.storages import storage_at


def main(mongodb_url: str, redis_url: str, storage_url: str, converter: str, max_jobs: str = "500") -> None:
    logs.configure()
    sentry.configure(os.environ.get("GIFAPP_SENTRY_DSN"), part="worker")
    forks = ForkServer()
    if converter != "real":
        forks = ForkServer(f"tests.jobs.converters:{converter}")
    with JobParts(
        mongodb_url=mongodb_url,
        redis_url=redis_url,
        blobs=storage_at(storage_url, Path(os.environ.get("GIFAPP_DATA_DIR", "/nowhere"))),
        secret=SECRET,
        limits=Limits(),
        timings=replace(QUICK, lease_s=1.5),
    ) as parts:
        run_worker(parts, forks=forks, worker_limits=WorkerLimits(jobs=int(max_jobs)))


if __name__ == "__main__":
    main(*sys.argv[1:])
