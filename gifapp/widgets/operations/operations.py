"""The live operations page: queue, workers, statistics, failed jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import ipywidgets as w

from gifapp import errors
from gifapp.client import Client
from gifapp.domain.views.administration import QueueView
from gifapp.domain.views.statistics import StatisticsView
from gifapp.widgets.controls.notices import Notices
from gifapp.widgets.operations import words
from gifapp.widgets.operations.charts import Charts
from gifapp.widgets.operations.panel import Panel
from gifapp.widgets.reporting import Reporter

READ_QUEUE_S = 3.0
_STATISTICS_INTERVAL_FACTOR = 4


class Operations(w.VBox):
    """The state of the whole service, updated live while the kernel runs.

    ::

        gifapp.Operations(gifapp.Client.sign_in("http://127.0.0.1:8866", "me@example.org", "…"))
    """

    def __init__(self, client: Client, *, read_queue_s: float = READ_QUEUE_S) -> None:
        """Show the current state, then refresh it; needs a running event loop.

        Raises:
            errors.AccessDenied: the account is not an administrator's.
        """
        self._administrator = client.administrator
        self._hours = 24.0
        self.notices = Notices()
        self._reporter = Reporter(self.notices.warn)
        self.head, self.tables = (
            Panel(part, on_action=self._act, reporter=self._reporter) for part in ("head", "tables")
        )
        self.charts = self._read_first()
        super().__init__([self.notices, self.head, self.charts, self.tables])
        self.add_class("gifapp-dashboard")
        self.add_class("gifapp-operations")
        refreshes = (
            self._repeat(self._read_queue, read_queue_s),
            self._repeat(self._read_statistics, _STATISTICS_INTERVAL_FACTOR * read_queue_s),
        )
        self._tasks = [asyncio.create_task(refresh) for refresh in refreshes]

    def close(self) -> None:
        """Stop refreshing."""
        for task in self._tasks:
            task.cancel()
        super().close()

    async def _repeat(self, read: Callable[[], None], every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            with self._reporter.reporting(), suppress(errors.Transient):
                read()

    def _read_first(self) -> Charts:
        queue, statistics = self._show_queue(), self._show_statistics()
        return Charts(datetime.now(UTC), queue, statistics)

    def _read_queue(self) -> None:
        self.charts.show_queue(datetime.now(UTC), self._show_queue())

    def _read_statistics(self) -> None:
        self.charts.show_statistics(self._show_statistics())

    def _show_queue(self) -> QueueView:
        queue = self._administrator.queue()
        self.head.show(queue=words.queue_tiles(queue), is_paused=queue.paused_at is not None)
        self.tables.show(workers=words.worker_rows(self._administrator.workers()))
        return queue

    def _show_statistics(self) -> StatisticsView:
        statistics = self._administrator.statistics(hours=self._hours)
        self.head.show(statistics=words.statistics_tiles(statistics), hours=self._hours)
        self.tables.show(
            slowest=words.slow_rows(statistics.slowest),
            dead=words.dead_rows(self._administrator.dead_letters()),
            links=words.link_rows(self._administrator.links()),
            storage=words.storage_text(self._administrator.storage()),
        )
        return statistics

    def _act(self, action: str, of: Any) -> None:
        """Carry out the action of a button."""
        match action:
            case "pause":
                self._administrator.pause()
            case "resume":
                self._administrator.resume()
            case "hours":
                self._hours = float(of)
            case "requeue":
                self._administrator.requeue(of)
            case "requeue_all":
                result = self._administrator.requeue_all()
                self.notices.inform(f"{result.requeued} queued again; {result.left} could not be.")
            case "purge":
                self._administrator.purge(of)
            case "revoke_link":
                self._administrator.revoke_link(of)
                self.notices.inform("Link revoked.")
        self._read_queue()
        self._read_statistics()
