"""`gifapp backup` and `gifapp restore`."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gifapp import errors
from gifapp.commands import options
from gifapp.commands.loading import load_settings
from gifapp.domain.wording import size

if TYPE_CHECKING:
    from pymongo.database import Database

    from gifapp.backup.saving import OnFile
    from gifapp.settings import Settings

_archive = click.argument("archive", type=click.Path(path_type=Path, dir_okay=False))


@click.command()
@_archive
@options.data_dir
def backup(archive: Path, data_dir: Path | None) -> None:
    """Back up accounts, jobs, videos, GIFs and the secret to one file. The service may be running."""
    from gifapp.backup.saving import save
    from gifapp.commands.parts import open_storage, read_secret

    settings = load_settings(log_level="warning", data_dir=data_dir)
    # a secret file named by a setting is the operator's to back up
    secret = None if settings.secret_file else read_secret(settings)
    with _mongodb(settings) as url, _database(url) as database, _progress() as on_file:
        try:
            saved = save(database, open_storage(settings), archive, secret=secret, on_file=on_file)
        except OSError as refused:
            raise errors.BackupNotWritable(path=archive, reason=refused.strerror) from None
    for name in saved.missing:
        click.echo(f"gifapp: missing from storage: {name}", err=True)
    counts = f"{sum(saved.complete.documents.values()):,} documents and {len(saved.complete.files):,} files"
    click.echo(f"{archive}: {counts}, {size(archive.stat().st_size)}. It contains secrets; keep it private.")


@click.command()
@_archive
@options.data_dir
def restore(archive: Path, data_dir: Path | None) -> None:
    """Restore a backup into an empty data directory or empty servers. Stop the service first."""
    from gifapp.backup.restoring import restore as restore_all
    from gifapp.commands.parts import open_storage
    from gifapp.jobs.db import leases
    from gifapp.jobs.db.connection import connect, disconnect
    from gifapp.up.directory import lock_data_directory
    from gifapp.up.servers import running_mongod

    settings = load_settings(log_level="warning", data_dir=data_dir)
    with contextlib.ExitStack() as stack:
        if settings.mongodb_url is None:
            stack.enter_context(lock_data_directory(settings.data_dir.resolve()))
        url = settings.mongodb_url or stack.enter_context(
            running_mongod(settings.data_dir.resolve() / "mongodb")
        )
        database = stack.enter_context(_database(url))
        secret_path = None if settings.secret_file else settings.data_dir / "secret.key"
        complete = restore_all(database, open_storage(settings), archive, secret_path=secret_path)
        connect(url)
        stack.callback(disconnect)
        leases.release_all()
    click.echo(f"Restored {sum(complete.documents.values()):,} documents and {len(complete.files):,} files.")


@contextlib.contextmanager
def _mongodb(settings: Settings) -> Iterator[str]:
    """The URL of the configured MongoDB, of the running service's, or of one started for this block."""
    from gifapp.up.directory import lock_data_directory, running_service
    from gifapp.up.servers import running_mongod

    data_dir = settings.data_dir.resolve()
    service = running_service(data_dir)
    if settings.mongodb_url:
        yield settings.mongodb_url
    elif service:
        yield service.mongodb_url
    elif not (data_dir / "mongodb").exists():
        raise errors.ServiceNotFound(path=data_dir)
    else:
        with lock_data_directory(data_dir), running_mongod(data_dir / "mongodb") as url:
            yield url


@contextlib.contextmanager
def _database(url: str) -> Iterator[Database[Any]]:
    import pymongo

    with pymongo.MongoClient[dict[str, Any]](url, tz_aware=True, w="majority", journal=True) as client:
        yield client.get_default_database()


@contextlib.contextmanager
def _progress() -> Iterator[OnFile]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("Files", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
