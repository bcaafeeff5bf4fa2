"""The client's methods for administrators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gifapp.domain.views.accounts import LinkPage, OpenLinkView
from gifapp.domain.views.administration import (
    ComparisonView,
    DeadLetterPage,
    ListedJobView,
    QueueView,
    RequeuedView,
    StorageView,
    WorkersView,
    WorkerView,
)
from gifapp.domain.views.statistics import StatisticsView

_MAX_SHOWN = 100


class Administrator:
    """The methods for administrators; for others, they raise errors.AccessDenied."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call

    def queue(self) -> QueueView:
        return QueueView.model_validate(self._call("GET", "/admin/queue"))

    def pause(self) -> QueueView:
        """Start no more jobs; running jobs continue."""
        return QueueView.model_validate(self._call("POST", "/admin/queue/pause"))

    def resume(self) -> QueueView:
        return QueueView.model_validate(self._call("POST", "/admin/queue/resume"))

    def workers(self) -> list[WorkerView]:
        """The live workers, oldest first."""
        return WorkersView.model_validate(self._call("GET", "/admin/workers")).workers

    def storage(self) -> StorageView | None:
        """The result of the last storage check; None: none has run yet."""
        return ComparisonView.model_validate(self._call("GET", "/admin/storage")).storage

    def statistics(self, *, hours: float = 24) -> StatisticsView:
        """Statistics of the last `hours`."""
        return StatisticsView.model_validate(self._call("GET", "/admin/statistics", params={"hours": hours}))

    def dead_letters(self) -> list[ListedJobView]:
        """The 100 latest dead letters."""
        page = self._call("GET", "/admin/dead-letters", params={"limit": _MAX_SHOWN})
        return list(DeadLetterPage.model_validate(page).dead_letters)

    def requeue(self, job_id: str) -> None:
        """Queue a dead letter again, with its full number of attempts.

        Raises:
            errors.NotFound, errors.SourceGone, errors.JobRepeated
        """
        self._call("POST", f"/admin/dead-letters/{job_id}/requeue")

    def requeue_all(self) -> RequeuedView:
        """Queue all dead letters again, except those that cannot run."""
        return RequeuedView.model_validate(self._call("POST", "/admin/dead-letters/requeue"))

    def links(self) -> list[OpenLinkView]:
        """The 100 latest unused invitations and password reset links."""
        page = self._call("GET", "/admin/links", params={"limit": _MAX_SHOWN})
        return list(LinkPage.model_validate(page).links)

    def revoke_link(self, link_id: str) -> None:
        """Revoke an invitation or password reset link.

        Raises:
            errors.NotFound: the link does not exist, or was used.
        """
        self._call("DELETE", f"/admin/links/{link_id}")

    def purge(self, job_id: str) -> None:
        """Delete a dead letter permanently."""
        self._call("DELETE", f"/admin/dead-letters/{job_id}")
