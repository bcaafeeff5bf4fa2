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
    "fewest",
    type=click.IntRange(min=0),
    help="The minimum number of workers. [default: from GIFAPP_WORKERS, or 1]",
)
@click.option(
    "--max",
    "most",
    type=click.IntRange(min=1),
    help="The maximum number of workers. [default: from GIFAPP_WORKERS, or 5]",
)
@options.data_dir
def workers(fewest: int | None, most: int | None, data_dir: Path | None) -> None:
    """Run workers, as many as the queue needs."""
    from gifapp.jobs.supervisor import run_workers

    foundation = _foundation(data_dir)
    configured_fewest, configured_most = foundation.settings.worker_range
    fewest = configured_fewest if fewest is None else fewest
    most = max(fewest, configured_most) if most is None else most
    if fewest > most:
        raise click.UsageError(f"--min {fewest} is more than --max {most}.")
    with foundation.build_jobs() as jobs:
        run_workers(
            [sys.executable, "-P", "-m", "gifapp", "worker"],
            fewest=fewest,
            most=most,
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
