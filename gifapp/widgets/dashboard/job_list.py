"""The jobs that the gallery shows: read in pages by a query, and kept up to date by events."""

from __future__ import annotations

import asyncio

from gifapp.client import Client
from gifapp.domain.job_query import JobQuery
from gifapp.domain.views.jobs import JobPage, JobView
from gifapp.widgets.dashboard.gallery import Gallery
from gifapp.widgets.dashboard.state import DashboardState
from gifapp.widgets.reporting import Reporter

PAGE_JOBS = 60
COUNT_AFTER_S = 0.5
_MAX_AT_ONCE = 200


class JobList:
    """Fills the gallery with the jobs of a query, and keeps every job it sees in the dashboard's state."""

    def __init__(self, client: Client, gallery: Gallery, state: DashboardState, reporter: Reporter) -> None:
        self._client = client
        self._gallery = gallery
        self._state = state
        self._reporter = reporter
        self._query = JobQuery()
        self._cursor: str | None = None
        self._counting: asyncio.TimerHandle | None = None

    def select(self, query: JobQuery) -> None:
        """Show the first jobs of another query."""
        self._query = query
        self._read(PAGE_JOBS)

    def read(self) -> None:
        """Read as many jobs as are shown again."""
        self._read(max(PAGE_JOBS, len(self._gallery.shown_ids)))

    def show_more(self) -> None:
        """Show the next page, too."""
        page = self._page(PAGE_JOBS, self._cursor)
        self._gallery.show_more(page.jobs, total=page.total, has_more=self._cursor is not None)

    def show(self, job: JobView) -> None:
        """Show a new or changed job if it is on the pages that are shown; count the jobs again if need be."""
        self._state.put(job)
        was_shown = job.id in self._gallery.shown_ids
        is_shown = self._query.matches(job) and (was_shown or not self._gallery.is_beyond(job))
        if is_shown:
            self._gallery.show(job)
        else:
            self._gallery.remove(job.id)
        if not (was_shown and is_shown):
            self._count_soon()

    def remove(self, job_id: str) -> None:
        self._state.remove(job_id)
        self._gallery.remove(job_id)
        self._count_soon()

    def close(self) -> None:
        """Count no more."""
        if self._counting is not None:
            self._counting.cancel()

    def _read(self, count: int) -> None:
        page = self._page(min(count, _MAX_AT_ONCE), None)
        jobs = page.jobs
        while self._cursor is not None and len(jobs) < count:
            jobs = jobs + self._page(min(count - len(jobs), _MAX_AT_ONCE), self._cursor).jobs
        self._gallery.show_all(jobs, query=self._query, total=page.total, has_more=self._cursor is not None)

    def _page(self, limit: int, cursor: str | None) -> JobPage:
        page = self._client.job_page(self._query, cursor=cursor, limit=limit)
        self._cursor = page.next_cursor
        for job in page.jobs:
            self._state.put(job)
        return page

    def _count_soon(self) -> None:
        # an event does not say whether its job was on a later page, so ask, but once for many events
        if self._counting is None:
            self._counting = asyncio.get_running_loop().call_later(COUNT_AFTER_S, self._count)

    def _count(self) -> None:
        self._counting = None
        with self._reporter.reporting():
            self._gallery.total = self._client.job_page(self._query, limit=1).total
