"""The client's requests that only administrators may make."""

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

_MOST_SHOWN = 100


class Administrator:
    """The verbs of the API that only administrators may use: others get errors.AccessDenied."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call

    def queue(self) -> QueueView:
        return QueueView.model_validate(self._call("GET", "/admin/queue"))

    def pause(self) -> QueueView:
        """Start no more jobs; those that run go on."""
        return QueueView.model_validate(self._call("POST", "/admin/queue/pause"))

    def resume(self) -> QueueView:
        return QueueView.model_validate(self._call("POST", "/admin/queue/resume"))

    def workers(self) -> list[WorkerView]:
        """The living, oldest first."""
        return WorkersView.model_validate(self._call("GET", "/admin/workers")).workers

    def storage(self) -> StorageView | None:
        """The result of the last storage check; None: there was none yet."""
        return ComparisonView.model_validate(self._call("GET", "/admin/storage")).storage

    def statistics(self, *, hours: float = 24) -> StatisticsView:
        """What happened in so many hours until now."""
        return StatisticsView.model_validate(self._call("GET", "/admin/statistics", params={"hours": hours}))

    def dead_letters(self) -> list[ListedJobView]:
        """The hundred that died last."""
        told = self._call("GET", "/admin/dead-letters", params={"limit": _MOST_SHOWN})
        return list(DeadLetterPage.model_validate(told).dead_letters)

    def requeue(self, job_id: str) -> None:
        """Let a dead letter be tried again, with all its attempts.

        Raises:
            errors.NotFound, errors.SourceGone, errors.JobRepeated
        """
        self._call("POST", f"/admin/dead-letters/{job_id}/requeue")

    def requeue_all(self) -> RequeuedView:
        """Let all that can be tried again."""
        return RequeuedView.model_validate(self._call("POST", "/admin/dead-letters/requeue"))

    def links(self) -> list[OpenLinkView]:
        """Invitations and links for a new password that nobody has used: the hundred made last."""
        told = self._call("GET", "/admin/links", params={"limit": _MOST_SHOWN})
        return list(LinkPage.model_validate(told).links)

    def revoke_link(self, link_id: str) -> None:
        """Have a link open nothing from now on.

        Raises:
            errors.NotFound: there is none, or somebody has used it.
        """
        self._call("DELETE", f"/admin/links/{link_id}")

    def purge(self, job_id: str) -> None:
        """Forget a dead letter for good."""
        self._call("DELETE", f"/admin/dead-letters/{job_id}")
