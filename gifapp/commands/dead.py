"""`gifapp dead`: jobs of all owners that failed for good."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from gifapp.commands import options
from gifapp.commands.administering import administering, show_job, show_list
from gifapp.domain.wording import counted


@click.group()
def dead() -> None:
    """List, requeue and purge dead letters: jobs that failed on every attempt."""


@dead.command("list")
@options.owner
@options.limit
@options.as_json
@options.data_dir
def list_dead(owner: str | None, limit: int, as_json: bool, data_dir: Path | None) -> None:
    """List dead letters, latest first."""
    from gifapp.domain.job import JobState

    with administering(data_dir) as opened:
        listing = opened.listed(JobState.DEAD, owner, limit)
        show_list(listing, as_json=as_json, nothing="No dead letters found.")


@dead.command()
@click.argument("job_id")
@options.as_json
@options.data_dir
def show(job_id: str, as_json: bool, data_dir: Path | None) -> None:
    """Show a dead letter and the errors of all its attempts."""
    with administering(data_dir) as opened:
        show_job(opened.named(opened.administration.dead_letter(job_id)), as_json=as_json)


@dead.command()
@click.argument("job_id", required=False)
@click.option("--all", "is_all", is_flag=True, help="Requeue all dead letters whose video still exists.")
@options.data_dir
def requeue(job_id: str | None, is_all: bool, data_dir: Path | None) -> None:
    """Run a dead letter again, or --all of them."""
    if (job_id is None) != is_all:
        raise click.UsageError("Give the id of a dead letter, or --all.")
    with administering(data_dir) as opened:
        if job_id is not None:
            opened.administration.requeue(job_id)
            click.echo("Job queued again.")
            return
        result = opened.administration.requeue_all()
        click.echo(f"{counted(result.requeued, 'dead letter')} queued again.")
        if result.left:
            click.echo(
                f"{counted(result.left, 'dead letter')} left: the video is gone, or the GIF is being made.",
                err=True,
            )


@dead.command()
@click.argument("job_id", required=False)
@click.option(
    "--older-than-days",
    type=options.WholeNumber(0, 36_500),
    help="Delete only dead letters at least this old.",
)
@click.option("--yes", is_flag=True, help="Don't ask for confirmation.")
@options.data_dir
def purge(job_id: str | None, older_than_days: int | None, yes: bool, data_dir: Path | None) -> None:
    """Delete one dead letter, old ones or all of them, with their files."""
    if job_id is not None and older_than_days is not None:
        raise click.UsageError("Give the id of a dead letter, or --older-than-days.")
    if not yes:
        click.confirm(f"Delete {_selection(job_id, older_than_days)} permanently?", abort=True)
    with administering(data_dir) as opened:
        if job_id is not None:
            opened.administration.purge(job_id)
            click.echo("Dead letter deleted.")
            return
        result = opened.administration.purge_all(older_than=timedelta(days=older_than_days or 0))
        click.echo(f"{counted(result.purged, 'dead letter')} deleted.")


def _selection(job_id: str | None, older_than_days: int | None) -> str:
    if job_id is not None:
        return "this dead letter"
    if older_than_days is None:
        return "all dead letters"
    return f"all dead letters older than {older_than_days} days"
