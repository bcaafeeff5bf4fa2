"""The gallery: one widget with a card per job and a toolbar, updated by messages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, KeysView
from typing import Annotated, Any, ClassVar, Literal

import anywidget
import traitlets
from pydantic import Field

from gifapp.domain.job import JobState
from gifapp.domain.job_query import JobQuery
from gifapp.domain.recipes.output_formats import FILE_KINDS
from gifapp.domain.views.jobs import JobView, ProgressEvent
from gifapp.widgets.assets import script, style
from gifapp.widgets.dashboard import sharing
from gifapp.widgets.messages import Message, receives
from gifapp.widgets.reporting import Reporter
from gifapp.widgets.words import card, card_progress

PATCH_EVERY_S = 0.3

OnAction = Callable[[str, str], None]
"""Called with the action (cancel, retry, reuse, smaller, delete, or more for more cards) and the job's id."""

OnQuery = Callable[[JobQuery], None]
"""Called with the filters and the order that the user chose."""

OnRename = Callable[[str, str], None]
"""Called with the job's id and its GIF's new name."""

OnBatch = Callable[[str, list[str]], None]
"""Called with what to do with several jobs (download, cancel or delete) and their ids."""

OnShare = Callable[[dict[str, Any]], dict[str, Any]]
"""Called with the share box's request; returns what it shows."""


class CardMessage(Message):
    days: int = Field(7, ge=1, le=365)
    share: str = Field("", max_length=100)
    query: JobQuery = JobQuery()
    name: str = Field("", max_length=200)
    action: Literal["download", "cancel", "delete", ""] = ""
    ids: list[Annotated[str, Field(max_length=100)]] = Field([], max_length=200)


class Gallery(anywidget.AnyWidget):
    """Shows jobs in the order of a query, and passes on the actions that users choose."""

    _esm: ClassVar = script("dashboard/gallery")
    _css: ClassVar = style(
        "common",
        "dashboard/name",
        "dashboard/viewer",
        "dashboard/sharer",
        "dashboard/toolbar",
        "dashboard/gallery",
    )

    page_url = traitlets.Unicode().tag(sync=True)
    has_more = traitlets.Bool(default_value=False).tag(sync=True)
    """Whether there are jobs after those shown."""
    total = traitlets.Int(0).tag(sync=True)
    """The number of jobs of the query, shown or not."""
    formats: traitlets.Dict[str, str] = traitlets.Dict(
        {str(name): kind.name for name, kind in FILE_KINDS.items()}
    ).tag(sync=True)
    """The names of the output formats."""
    sources: traitlets.List[dict[str, str]] = traitlets.List().tag(sync=True)
    """The videos that users may filter by: their ids and names."""

    def __init__(
        self,
        page_url: str,
        *,
        on_action: OnAction,
        on_rename: OnRename,
        on_batch: OnBatch,
        on_query: OnQuery,
        on_share: OnShare,
        reporter: Reporter,
    ) -> None:
        super().__init__(page_url=page_url)
        self._query = JobQuery()
        self._cards: dict[str, dict[str, Any]] = {}
        self._waiting: dict[str, dict[str, Any]] = {}
        self._on_action = on_action
        self._on_rename = on_rename
        self._on_batch = on_batch
        self._on_query = on_query
        self._on_share = on_share
        self._reporter = reporter
        self.on_msg(self._receive)

    @property
    def shown_ids(self) -> KeysView[str]:
        """The ids of the jobs that have a card."""
        return self._cards.keys()

    def show_all(self, jobs: Iterable[JobView], *, query: JobQuery, total: int, has_more: bool) -> None:
        """Replace all cards with those of these jobs, the first of the query."""
        self._query = query
        self._cards = {job.id: self._card(job) for job in jobs}
        self.total, self.has_more = total, has_more
        self._waiting.clear()
        self._send_all()

    def show_more(self, jobs: Iterable[JobView], *, total: int, has_more: bool) -> None:
        """Add the cards of the query's next jobs."""
        added = {job.id: self._card(job) for job in jobs}
        self._cards |= added
        self.total, self.has_more = total, has_more
        self.send({"type": "more", "cards": list(added.values())})

    def is_beyond(self, job: JobView) -> bool:
        """Whether the job comes after those shown, on a page that was not read."""
        last = max((shown["rank"] for shown in self._cards.values()), default=0.0)
        return self.has_more and self._query.rank(job) > last

    def show(self, job: JobView) -> None:
        """Add or update a card: at once when its state changes, otherwise a few times a second."""
        before, now = self._cards.get(job.id), self._card(job)
        self._cards[job.id] = now
        if before is None or before["state"] != now["state"]:
            self._waiting.pop(job.id, None)
            self.send({"type": "patch", "cards": [now]})
        elif before != now:
            self._patch_soon(job.id, now)

    def show_progress(self, progress: ProgressEvent) -> None:
        """Update the progress of the attempt that the card shows; ignore that of other or ended attempts."""
        current = self._cards.get(progress.job_id)
        if current and (current["state"], current["attempt"]) == (JobState.RUNNING, progress.attempt):
            changed = card_progress(progress)
            self._cards[progress.job_id] = current | changed
            self._patch_soon(progress.job_id, changed)

    def is_behind(self, progress: ProgressEvent) -> bool:
        """Whether the card shows an earlier attempt, because the event of the new one's start was lost."""
        current = self._cards.get(progress.job_id)
        return current is not None and current["attempt"] < progress.attempt

    def point_at(self, job_id: str) -> None:
        """Scroll a card into view and focus it."""
        self.send({"type": "point", "id": job_id})

    def download(self, url: str) -> None:
        """Let the page download a file."""
        self.send({"type": "download", "url": url})

    def remove(self, job_id: str) -> None:
        if self._cards.pop(job_id, None) is not None:
            self._waiting.pop(job_id, None)
            self.send({"type": "remove", "id": job_id})

    def _card(self, job: JobView) -> dict[str, Any]:
        return card(job) | {"rank": self._query.rank(job)}

    def _patch_soon(self, job_id: str, changed: dict[str, Any]) -> None:
        if not self._waiting:
            asyncio.get_running_loop().call_later(PATCH_EVERY_S, self._flush)
        self._waiting.setdefault(job_id, {"id": job_id}).update(changed)

    def _flush(self) -> None:
        cards = list(self._waiting.values())
        self._waiting.clear()
        if cards:
            self.send({"type": "patch", "cards": cards})

    def _send_all(self) -> None:
        self.send({"type": "all", "cards": list(self._cards.values())})

    @receives(CardMessage)
    def _receive(self, message: CardMessage) -> None:
        if message.type == "ready":
            self._send_all()
            return
        with self._reporter.reporting():
            if message.type in sharing.REQUESTS:
                self.send(self._on_share(message.model_dump()))
            elif message.type == "query":
                self._on_query(message.query)
            elif message.type == "rename":
                self._on_rename(message.id, message.name)
            elif message.type == "batch":
                self._on_batch(message.action, message.ids)
            else:
                self._on_action(message.type, message.id)
        self.send({"type": "settled", "id": message.id})
