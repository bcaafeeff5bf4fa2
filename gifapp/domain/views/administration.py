"""JSON shapes for administrators: the queue, jobs of all owners, workers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from gifapp.domain.job import JobState
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import ErrorView, PastErrorView, View

FileKind = Literal["source", "poster", "gif"]


class QueueView(View):
    """The queue at one moment.

    `queued` counts all that wait, `due` those of them that could run now; the oldest of these has been due
    for `oldest_due_s`. `dead` counts dead letters, `workers` the living. `usual_s` is how long recent
    conversions took, in the mean.
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
    """A job among others, whoever's it is; `owner_email` is None once the account is gone."""

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
    """A job, whoever's it is; with its recipe where one job is asked for, without the files in it."""

    recipe: Recipe | None = None


class DeadLetterPage(View):
    """Some dead letters, the last to die first, and where the next ones begin; None: these were the last."""

    dead_letters: Sequence[ListedJobView]
    next_cursor: str | None


class WorkerView(View):
    """A worker that lives: how many jobs it has run since it started, and which one it runs now."""

    name: str
    started_at: datetime
    seen_at: datetime
    jobs: int
    memory_bytes: int
    job_id: str | None = None


class MissingFileView(View):
    """A file that is not there, and the source or the job (of a GIF) that names it."""

    kind: FileKind
    id: str
    owner_id: str


class StorageView(View):
    """The result of the last storage check; `missing` are the first of `missing_count`.

    What it removed was named by no document; what is missing it can only report.
    """

    compared_at: datetime
    removed_files: int
    removed_bytes: int
    missing_count: int
    missing: tuple[MissingFileView, ...] = ()


class ComparisonView(View):
    """`storage` is None before the first comparison."""

    storage: StorageView | None


class WorkersView(View):
    """The living, oldest first."""

    workers: list[WorkerView]


class RequeuedView(View):
    """What became of all dead letters; those `left` lack their video, or their GIF is being made already."""

    requeued: int
    left: int


class PurgedView(View):
    purged: int
