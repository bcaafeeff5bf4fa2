"""`gifapp worker` and `gifapp workers`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gifapp.commands import options
from gifapp.commands.loading import load_settings

if TYPE_CHECKING:
    from gifapp.commands.parts import Foundation


@click.command()
@options.data_dir
def worker(data_dir: Path | None) -> None:
    """Run one worker: one conversion at a time."""
    from gifapp.jobs.worker import run_worker

    with _foundation(data_dir).build_jobs() as jobs:
        run_worker(jobs)


@click.command()
@click.option(
    "--min",
    "min_workers",
    type=options.WholeNumber(0, 9999),
    help="The minimum number of workers. [default: from GIFAPP_WORKERS, or 1]",
)
@click.option(
    "--max",
    "max_workers",
    type=options.WholeNumber(1, 9999),
    help="The maximum number of workers. [default: from GIFAPP_WORKERS, or 5]",
)
@options.data_dir
def workers(min_workers: int | None, max_workers: int | None, data_dir: Path | None) -> None:
    """Run workers, as many as the queue needs."""
    from gifapp.jobs.supervisor import run_workers

    foundation = _foundation(data_dir)
    configured_min, configured_max = foundation.settings.worker_range
    min_workers = configured_min if min_workers is None else min_workers
    max_workers = max(min_workers, configured_max) if max_workers is None else max_workers
    if min_workers > max_workers:
        raise click.UsageError(f"--min {min_workers} is more than --max {max_workers}.")
    with foundation.build_jobs() as jobs:
        run_workers(
            [sys.executable, "-P", "-m", "gifapp", "worker"],
            min_workers=min_workers,
            max_workers=max_workers,
            drain_s=jobs.timings.drain_s,
            environment=_environment(foundation),
        )


def _foundation(data_dir: Path | None) -> Foundation:
    from gifapp import sentry
    from gifapp.commands.parts import prepare

    settings = load_settings(data_dir=data_dir)
    sentry.configure(settings.sentry_dsn, part="worker")
    return prepare(settings)


def _environment(foundation: Foundation) -> dict[str, str]:
    return os.environ | {
        "GIFAPP_DATA_DIR": str(foundation.settings.data_dir.resolve()),
        "GIFAPP_REDIS_URL": foundation.redis_url,
        "GIFAPP_MONGODB_URL": foundation.mongodb_url,
    }
