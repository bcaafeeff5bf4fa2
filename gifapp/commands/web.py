"""`gifapp web`."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import click

from gifapp.commands import options
from gifapp.commands.loading import load_settings


@click.command()
@options.host
@options.port
@options.data_dir
def web(host: str | None, port: int | None, data_dir: Path | None) -> None:
    """Run one web server: the API and the dashboard."""
    from gifapp import sentry
    from gifapp.commands.parts import prepare, read_scrape_token
    from gifapp.jobs.cleanup.sweep import sweeping
    from gifapp.processes import allow_open_files
    from gifapp.web.app import run_web
    from gifapp.web.http.context import build_parts
    from gifapp.web.pages.pages import notebooks_directory

    settings = load_settings(host=host, port=port, data_dir=data_dir)
    sentry.configure(settings.sentry_dsn, part="web")
    if settings.sentry_dsn:
        os.environ["GIFAPP_SENTRY_DSN"] = settings.sentry_dsn  # for kernels, which read no settings files
    allow_open_files()
    foundation = prepare(settings)
    with (
        foundation.build_jobs() as jobs,
        contextlib.closing(foundation.build_identity()) as identity,
        # here, too, in case no worker is alive
        sweeping(jobs.sweep, every_s=jobs.timings.sweep_s),
        sweeping(jobs.housekeeping, every_s=jobs.timings.compare_look_s),
    ):
        jobs.quick.warm_up()
        parts = build_parts(
            jobs,
            identity,
            secret=foundation.secret,
            redis_url=foundation.redis_url,
            public_url=settings.public_url,
            cors_origins=settings.cors_origins,
            rates=settings.rates,
            scrape_token=read_scrape_token(settings),
            fetches_links=settings.fetch,
        )
        run_web(
            parts,
            notebooks=notebooks_directory(),
            host=settings.host,
            port=settings.port,
            public_url=settings.public_url,
            trusted_proxies=settings.proxies,
            max_kernels=settings.max_kernels,
            connections_by_address=settings.connections_by_address,
            drain_s=settings.drain_s,
        )
