"""JSON shapes for administrators: the queue, jobs of all owners, workers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from gifapp.domain.job import JobState
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import ErrorView, PastErrorView, View

FileKind = Literal["source", "poster", "proxy", "gif", "still"]


class QueueView(View):
    """A snapshot of the queue.

    `queued` counts all waiting jobs, `due` those that could run now; the oldest of these has been due for
    `oldest_due_s`. `dead` counts dead letters, `workers` the live ones. `usual_s` is the mean duration of
    recent conversions.
    """

    paused_at: datetime | None = None
    queued: int
    due: int
    running: int
    dead: int
    oldest_due_s: float | None = None
    workers: int
    usual_s: float | None = None


class ListedJobView(View):
    """A job in a list of all owners' jobs; `owner_email` is None once the account is deleted."""

    id: str
    owner_id: str
    owner_email: str | None = None
    state: JobState
    source_name: str
    attempts: int
    max_attempts: int
    worker: str | None = None
    error: ErrorView | None = None
    errors: Sequence[PastErrorView] = ()
    created_at: datetime
    run_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None


class OwnedJobView(ListedJobView):
    """A job of any owner. The response for a single job includes its recipe, without embedded files."""

    recipe: Recipe | None = None


class DeadLetterPage(View):
    """A page of dead letters, latest first, and the cursor of the next page; None on the last page."""

    dead_letters: Sequence[ListedJobView]
    next_cursor: str | None


class WorkerView(View):
    """A live worker: how many jobs it has run since it started, and its current job."""

    name: str
    started_at: datetime
    seen_at: datetime
    jobs: int
    memory_bytes: int
    job_id: str | None = None


class MissingFileView(View):
    """A missing file, and the id of the source or (for a GIF) the job that refers to it."""

    kind: FileKind
    id: str
    owner_id: str


class StorageView(View):
    """The result of the last storage check; `missing` lists the first of `missing_count`.

    The check removes files that no document refers to; missing files it can only report.
    """

    compared_at: datetime
    removed_files: int
    removed_bytes: int
    missing_count: int
    missing: tuple[MissingFileView, ...] = ()


class ComparisonView(View):
    """The last storage check; None before the first."""

    storage: StorageView | None


class WorkersView(View):
    """The live workers, oldest first."""

    workers: list[WorkerView]


class RequeuedView(View):
    """How many dead letters were requeued.

    `left` counts those that could not be: their video is gone, or another job is making the same GIF.
    """

    requeued: int
    left: int


class PurgedView(View):
    purged: int
