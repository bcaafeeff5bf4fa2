"""The dashboard's state: jobs and sources by id, updated by events. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TypeVar

from gifapp.domain.views.jobs import Event, JobView, SourceView

View = TypeVar("View", JobView, SourceView)


class DashboardState:
    """Jobs and sources, each newest first."""

    def __init__(self) -> None:
        self._jobs: dict[str, JobView] = {}
        self._sources: dict[str, SourceView] = {}

    @property
    def jobs(self) -> list[JobView]:
        return _newest_first(self._jobs.values())

    @property
    def sources(self) -> list[SourceView]:
        return _newest_first(self._sources.values())

    def job(self, job_id: str) -> JobView | None:
        return self._jobs.get(job_id)

    def source(self, source_id: str | None) -> SourceView | None:
        return self._sources.get(source_id or "")

    def gif_counts(self) -> dict[str, int]:
        """The number of GIFs of each source."""
        made = (job.source.id for job in self._jobs.values() if job.gif and job.source)
        return dict(Counter(made))

    def clear(self) -> None:
        """Forget everything, before all of it is read again."""
        self._jobs.clear()
        self._sources.clear()

    def put(self, item: JobView | SourceView) -> None:
        """Add or replace a job or source."""
        if isinstance(item, JobView):
            self._jobs[item.id] = item
        else:
            self._sources[item.id] = item

    def remove(self, item_id: str) -> None:
        self._jobs.pop(item_id, None)
        self._sources.pop(item_id, None)

    def apply(self, event: Event) -> None:
        """Apply an event. `ready` and `reset` change nothing: the caller reads the service again.

        `job.progress` changes nothing either: only the gallery's cards track progress.
        """
        for item in (event.job, event.source):
            if item is not None:
                self.put(item)
        if event.type in ("job.deleted", "source.deleted") and event.id is not None:
            self.remove(event.id)


def _newest_first(views: Iterable[View]) -> list[View]:
    return sorted(views, key=lambda view: (view.created_at, view.id), reverse=True)
