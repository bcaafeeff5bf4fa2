"""`gifapp jobs`: jobs of all owners."""

from __future__ import annotations

from pathlib import Path

import click

from gifapp.commands import options
from gifapp.commands.administering import administering, show_job, show_list
from gifapp.domain.job import JobState


@click.group()
def jobs() -> None:
    """List, show, cancel and retry jobs of all accounts."""


@jobs.command("list")
@click.option(
    "--state", type=click.Choice([state.value for state in JobState]), help="Show only jobs in this state."
)
@options.owner
@options.limit
@options.as_json
@options.data_dir
def list_jobs(state: str | None, owner: str | None, limit: int, as_json: bool, data_dir: Path | None) -> None:
    """List jobs, newest first."""
    with administering(data_dir) as opened:
        listing = opened.listed(JobState(state) if state else None, owner, limit)
        show_list(listing, as_json=as_json, nothing="No jobs found.")


@jobs.command()
@click.argument("job_id")
@options.as_json
@options.data_dir
def show(job_id: str, as_json: bool, data_dir: Path | None) -> None:
    """Show one job and the errors of all its attempts."""
    with administering(data_dir) as opened:
        show_job(opened.named(opened.administration.job(job_id)), as_json=as_json)


@jobs.command()
@click.argument("job_id")
@options.data_dir
def cancel(job_id: str, data_dir: Path | None) -> None:
    """Cancel a job that is queued or running."""
    with administering(data_dir) as opened:
        job = opened.administration.cancel(job_id)
        click.echo("Job cancelled." if job.state.is_final else "Stopping the job; this takes a second.")


@jobs.command()
@click.argument("job_id")
@options.data_dir
def retry(job_id: str, data_dir: Path | None) -> None:
    """Retry a failed, dead or cancelled job."""
    with administering(data_dir) as opened:
        opened.administration.retry(job_id)
        click.echo("Job queued again.")
