"""The whole dashboard: upload, editor and gallery of one client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import ipywidgets as w

from gifapp import errors
from gifapp.client import Client
from gifapp.domain.job import JobState
from gifapp.domain.job_query import JobQuery
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import Event, JobView, ProgressEvent, SourceView
from gifapp.widgets.controls.notices import Notices
from gifapp.widgets.dashboard.editor import Editor
from gifapp.widgets.dashboard.gallery import Gallery
from gifapp.widgets.dashboard.job_list import JobList
from gifapp.widgets.dashboard.saved_settings import SavedSettings
from gifapp.widgets.dashboard.sharing import Sharing
from gifapp.widgets.dashboard.state import DashboardState
from gifapp.widgets.dashboard.tabs import Tabs
from gifapp.widgets.dashboard.upload import Upload
from gifapp.widgets.reporting import Reporter
from gifapp.widgets.words import deleted_text, half_of, repeat_text, reuse_text, smaller_text

READ_AGAIN_S = 3600.0  # signed image URLs expire after some hours
READ_QUEUE_S = 10.0  # queue positions change with other people's jobs, of which we get no events
_MAX_PLACES = 50


class Dashboard(w.VBox):
    """The dashboard of one account, updated live while the kernel runs.

    ::

        gifapp.Dashboard(gifapp.Client.from_environment())
    """

    def __init__(self, client: Client, *, read_queue_s: float = READ_QUEUE_S) -> None:
        """Show the service's jobs and sources, then follow its events; needs a running event loop."""
        self._client = client
        self._state = DashboardState()
        self.notices = Notices()
        self._reporter = Reporter(self.notices.warn)
        self._make_parts(_limits(client))
        super().__init__([self.notices, self._columns(), Tabs()])
        self.add_class("gifapp-dashboard")
        with self._reporter.reporting():
            self._read()
        parts = (self._follow(), self._read_again(), self._keep_places(read_queue_s))
        self._tasks = [asyncio.create_task(part) for part in parts]

    def close(self) -> None:
        """Stop following events."""
        for task in self._tasks:
            task.cancel()
        self._jobs.close()
        self.editor.close()
        super().close()

    def _make_parts(self, limits: Limits) -> None:
        reporter, page_url = self._reporter, self._client.page_url
        self.upload = Upload(self._client, limits, on_uploaded=self._uploaded, reporter=reporter)
        self.editor = Editor(
            page_url,
            ask_estimate=self._client.estimate,
            on_submit=self._submit,
            on_remove=self._remove_source,
            on_rename=self._rename_source,
            offer_undo=self.notices.offer_undo,
            reporter=reporter,
        )
        self.saved_settings = SavedSettings(
            self._client,
            current=self.editor.form.recipe,
            use=self.editor.use,
            notices=self.notices,
            reporter=reporter,
        )
        self.editor.tools.children = (self.saved_settings,)
        share = Sharing(self._client).respond
        self.gallery = Gallery(
            page_url,
            on_action=self._act,
            on_rename=self._rename,
            on_batch=self._act_on_all,
            on_query=self._select,
            on_share=share,
            reporter=reporter,
        )
        self._jobs = JobList(self._client, self.gallery, self._state, reporter)

    def _columns(self) -> w.Box:
        making = w.VBox([self.upload, self.editor])
        making.add_class("gifapp-dashboard__making")
        columns = w.Box([making, self.gallery])
        columns.add_class("gifapp-dashboard__columns")
        return columns

    # --- actions of the user ---------------------------------------------------------------

    def _uploaded(self, source: SourceView) -> None:
        self._state.put(source)
        is_edited = self.editor.is_edited
        self._show_sources()
        if is_edited:
            self.notices.inform(f"{source.name} is ready: choose it above the picture.")
        else:
            self.editor.choose(source)

    def _submit(self, source_id: str, recipe: Recipe) -> None:
        job = self._client.submit(source_id, recipe)
        self._changed(job)
        if job.is_repeat:
            self.gallery.point_at(job.id)
            self.notices.inform(repeat_text(job))

    def _remove_source(self, source_id: str) -> None:
        source = self._state.source(source_id)
        self._client.delete_source(source_id)
        self._state.remove(source_id)
        self._show_sources()
        name = source.name if source else "The video"
        self._offer_undo(f"{name} was deleted.", partial(self._restore_source, source_id))

    def _rename_source(self, source_id: str, name: str) -> None:
        try:
            self._state.put(self._client.rename_source(source_id, name))
        finally:
            self._show_sources()  # a refused name, too
        self._jobs.read()

    def _restore_source(self, source_id: str) -> None:
        self._state.put(self._client.restore_source(source_id))
        self._show_sources()

    def _rename(self, job_id: str, name: str) -> None:
        self._changed(self._client.rename(job_id, name))

    def _delete(self, job_id: str) -> None:
        job = self._state.job(job_id)
        self._client.delete(job_id)
        self._forget_job(job_id)
        self._offer_undo(deleted_text(job), partial(self._restore, job_id))

    def _restore(self, job_id: str) -> None:
        self._changed(self._client.restore(job_id))
        self.gallery.point_at(job_id)

    def _offer_undo(self, sentence: str, restore: Callable[[], None]) -> None:
        def undo() -> None:
            with self._reporter.reporting():
                try:
                    restore()
                except errors.NotFound:
                    self.notices.warn("It's too late to undo this: it was deleted for good.")

        self.notices.offer_undo(sentence, undo)

    def _act(self, action: str, job_id: str) -> None:
        """Carry out the action of a card's button."""
        match action:
            case "cancel":
                self._changed(self._client.cancel(job_id))
            case "retry":
                self._changed(self._client.retry(job_id))
            case "delete":
                self._delete(job_id)
            case "reuse":
                self._reuse(job_id)
            case "smaller":
                self._make_smaller(job_id)
            case "more":
                self._jobs.show_more()
                self._show_gif_counts()

    def _act_on_all(self, action: str, job_ids: list[str]) -> None:
        """Carry out an action on the selected jobs."""
        match action:
            case "download":
                self.gallery.download(self._client.archive(job_ids).url)
            case "cancel":
                self._client.apply("cancel", job_ids)
                self._jobs.read()
            case "delete":
                deleted = self._client.apply("delete", job_ids)
                self._jobs.read()
                sentence = f"{len(deleted)} GIFs were deleted." if len(deleted) != 1 else "1 GIF was deleted."
                self._offer_undo(sentence, partial(self._restore_all, deleted))
        self._show_gif_counts()

    def _restore_all(self, job_ids: list[str]) -> None:
        restored = self._client.apply("restore", job_ids)
        self._jobs.read()
        self._show_gif_counts()
        if len(restored) < len(job_ids):
            raise errors.NotFound(kind="job")

    def _select(self, query: JobQuery) -> None:
        self._jobs.select(query)
        self._show_gif_counts()

    def _reuse(self, job_id: str) -> None:
        job = self._client.job(job_id)
        self._edit(job, job.recipe)
        self.notices.inform(reuse_text(job))

    def _make_smaller(self, job_id: str) -> None:
        """Load a GIF's recipe into the form, with a maximum size of half of the GIF's."""
        job = self._client.job(job_id)
        if job.gif is None:
            raise errors.JobNotFinished(state=job.state, state_text=job.state.text)
        target_bytes = half_of(job.gif.bytes)
        self._edit(job, job.recipe.model_copy(update={"target_bytes": target_bytes}))
        self.notices.inform(smaller_text(job.gif, target_bytes))

    def _edit(self, job: JobView, recipe: Recipe) -> None:
        """Load a recipe into the form, with the job's source, or the chosen source if that is gone."""
        source = self._state.source(job.source.id if job.source else None) or self.editor.source
        if source is None:
            raise errors.SourceGone()
        self.editor.choose(source, recipe)

    # --- updates from the service ------------------------------------------------------------

    async def _follow(self) -> None:
        with self._reporter.reporting():
            await self._client.follow(self._receive, self._connection)

    async def _read_again(self) -> None:
        while True:
            await asyncio.sleep(READ_AGAIN_S)
            with self._reporter.reporting():
                self._read()

    async def _keep_places(self, every_s: float) -> None:
        """Keep the positions of queued jobs up to date."""
        while True:
            await asyncio.sleep(every_s)
            with self._reporter.reporting(), suppress(errors.Transient):
                self._read_places()

    def _read_places(self) -> None:
        if any(job.state is JobState.QUEUED for job in self._state.jobs):
            for job in self._client.jobs(state=JobState.QUEUED, limit=_MAX_PLACES):
                self._changed(job)

    def _receive(self, event: Event) -> None:
        with self._reporter.reporting():
            self._apply(event)

    def _apply(self, event: Event) -> None:
        self._state.apply(event)
        if event.type in ("ready", "reset"):
            self._read()
        elif event.job is not None:
            self._changed(event.job)
        elif event.progress is not None:
            self._show_progress(event.progress)
        elif event.type == "job.deleted" and event.id is not None:
            self._forget_job(event.id)
        else:
            self._show_sources()
            if event.type == "source.changed":
                self._jobs.read()  # their names

    def _connection(self, is_live: bool) -> None:
        self.notices.is_live = is_live

    def _read(self) -> None:
        sources = self._client.sources()
        self._state.clear()
        for source in sources:
            self._state.put(source)
        self._jobs.read()
        self._show_gif_counts()
        self._show_sources()

    def _changed(self, job: JobView) -> None:
        self._jobs.show(job)
        self._show_gif_counts()

    def _show_gif_counts(self) -> None:
        self.editor.stage.gifs = self._state.gif_counts()

    def _show_progress(self, progress: ProgressEvent) -> None:
        if self.gallery.is_behind(progress):
            with suppress(errors.NotFound):
                self._changed(self._client.job(progress.job_id))
        self.gallery.show_progress(progress)

    def _forget_job(self, job_id: str) -> None:
        self._jobs.remove(job_id)
        self._show_gif_counts()

    def _show_sources(self) -> None:
        sources = self._state.sources
        self.editor.show_sources(sources)
        self.gallery.sources = [{"id": source.id, "name": source.name} for source in sources]
        self.upload.compact = bool(sources)


def _limits(client: Client) -> Limits:
    """The service's limits; the defaults while it is unreachable, so that the page still opens."""
    try:
        return client.limits()
    except errors.Transient:
        return Limits()
