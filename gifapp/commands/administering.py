"""Shared by the administrators' commands: access to the jobs of all owners, and printing."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from gifapp.commands.loading import load_settings
from gifapp.commands.tables import echo_table
from gifapp.domain.wording import duration, printable

if TYPE_CHECKING:
    from gifapp.domain.job import JobState
    from gifapp.domain.views.accounts import AuditView, LinkPage, OpenLinkView
    from gifapp.domain.views.administration import OwnedJobView, QueueView
    from gifapp.identity.service import Identity
    from gifapp.jobs.services.administration import Administration, OwnedJobPage


_FACT_LABELS = {"what": "kind"}


class Listing(NamedTuple):
    """A list of jobs, and whether there are more."""

    jobs: list[OwnedJobView]
    has_more: bool


@dataclass(frozen=True)
class OperatorServices:
    """The services available to the operator."""

    administration: Administration
    identity: Identity
    forget_owner: Callable[[str], None]

    def listed(self, state: JobState | None, email: str | None, limit: int) -> Listing:
        """The newest jobs of all owners, or of one.

        Raises:
            errors.NotFound, errors.FieldInvalid: no account has this email address.
        """
        owner_id = self.identity.user(email).id if email else None
        page: OwnedJobPage = self.administration.jobs(state=state, owner_id=owner_id, limit=limit)
        return Listing(self.identity.with_emails(page.jobs), page.next_cursor is not None)

    def named(self, job: OwnedJobView) -> OwnedJobView:
        """The job with its owner's email address."""
        [named] = self.identity.with_emails([job])
        return named


@contextlib.contextmanager
def administering(data_dir: Path | None) -> Iterator[OperatorServices]:
    """Connect to the service's data.

    Raises:
        errors.ServiceNotFound, errors.ServiceUnavailable, errors.SettingInvalid
    """
    from gifapp.commands.parts import prepare

    foundation = prepare(load_settings(log_level="warning", data_dir=data_dir))
    with foundation.build_jobs() as jobs, contextlib.closing(foundation.build_identity()) as identity:
        yield OperatorServices(jobs.administration, identity, jobs.delete_account)


def show_list(listing: Listing, *, as_json: bool, nothing: str) -> None:
    """Print jobs as a table, or as JSON."""
    if as_json:
        jobs = [job.model_dump(mode="json", exclude={"recipe"}) for job in listing.jobs]
        click.echo(json.dumps(jobs, indent=2))
    elif not listing.jobs:
        click.echo(nothing)
    else:
        echo_table(
            _rows(listing), headings=("ID", "STATE", "OWNER", "VIDEO", "TRIES", "CREATED (UTC)", "ERROR")
        )
    if listing.has_more:
        click.echo(f"Showing the newest {len(listing.jobs)}; use --limit for more.", err=True)


def show_job(job: OwnedJobView, *, as_json: bool) -> None:
    """Print all facts about a job."""
    if as_json:
        click.echo(job.model_dump_json(indent=2))
        return
    echo_table(_facts(job))
    for error in job.errors:
        click.echo(f"  {_time(error.at)}  attempt {error.attempt}: {printable(error.detail)} ({error.code})")


def show_audit(events: Sequence[AuditView], *, as_json: bool) -> None:
    """Print security events as a table, or as JSON."""
    if as_json:
        click.echo(json.dumps([event.model_dump(mode="json") for event in events], indent=2))
    elif not events:
        click.echo("No events found.")
    else:
        echo_table(
            map(_event, events), headings=("TIME (UTC)", "EVENT", "ACCOUNT", "BY", "ADDRESS", "DETAILS")
        )


def show_links(page: LinkPage, *, as_json: bool) -> None:
    """Print open links as a table, or as JSON."""
    if as_json:
        click.echo(json.dumps([link.model_dump(mode="json") for link in page.links], indent=2))
    elif not page.links:
        click.echo("No open links.")
    else:
        echo_table(map(_link, page.links), headings=("ID", "TYPE", "FOR", "CREATED BY", "EXPIRES (UTC)"))
    if page.next_cursor is not None:
        click.echo("There are more; use --limit to see them.", err=True)


def show_queue(queue: QueueView, *, as_json: bool) -> None:
    """Print the state of the queue."""
    if as_json:
        click.echo(queue.model_dump_json(indent=2))
    else:
        echo_table(_queue_facts(queue))


def _rows(listing: Listing) -> Iterator[Sequence[str]]:
    for job in listing.jobs:
        why = job.error.code if job.error else ""
        tries = f"{job.attempts}/{job.max_attempts}"
        yield job.id, job.state, _owner(job), job.source_name, tries, _time(job.created_at), why


def _event(event: AuditView) -> Sequence[str]:
    whose = event.email or event.user_id or event.stranger or ""
    more = ", ".join(f"{_FACT_LABELS.get(name, name)}: {value}" for name, value in event.facts.items())
    return _time(event.at), event.kind, whose, event.by_email or event.by_id or "", event.address or "", more


def _link(link: OpenLinkView) -> Sequence[str]:
    whose = link.email or link.user_id or "anyone with the link"
    return link.id, link.kind, whose, link.by_email or "the command line", _time(link.expires_at)


def _facts(job: OwnedJobView) -> list[tuple[str, str]]:
    from gifapp.domain.job import JobState

    recipe = job.recipe.model_dump_json(exclude_defaults=True) if job.recipe else ""
    facts = {
        "id": job.id,
        "state": job.state,
        "owner": _owner(job),
        "video": job.source_name,
        "recipe": recipe,
        "attempts": f"{job.attempts} of {job.max_attempts}",
        "worker": job.worker or "",
        "created": _time(job.created_at),
        "runs after": _time(job.run_at) if job.state is JobState.QUEUED else "",
        "started": _time(job.started_at),
        "ended": _time(job.finished_at),
        "error": job.error.detail if job.error else "",
    }
    return [(name, fact) for name, fact in facts.items() if fact]


def _owner(job: OwnedJobView) -> str:
    return job.owner_email or f"{job.owner_id} (deleted account)"


def _time(time: datetime | None) -> str:
    return "" if time is None else f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def _queue_facts(queue: QueueView) -> list[tuple[str, str]]:
    """The same facts as on the operations page, in the same words."""
    return [
        ("state", f"paused since {_time(queue.paused_at)} UTC" if queue.paused_at else "running"),
        ("jobs waiting", str(queue.due)),
        ("oldest has waited", _duration(queue.oldest_due_s)),
        ("jobs scheduled for later", str(queue.queued - queue.due)),
        ("jobs running", str(queue.running)),
        ("jobs failed for good", str(queue.dead)),
        ("workers", str(queue.workers)),
        ("mean conversion time", _duration(queue.usual_s)),
    ]


def _duration(seconds: float | None) -> str:
    return "-" if seconds is None else duration(seconds)
