"""A client that answers from a script, and the browser's end of a widget."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from comm.base_comm import BaseComm

from gifapp import errors
from gifapp.domain.job import JobState, Progress
from gifapp.domain.job_query import JobQuery
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import (
    ArchiveView,
    EstimateView,
    Event,
    GifView,
    JobPage,
    JobView,
    MeView,
    SavedRecipeView,
    SourceView,
)

TOO_FEW_BYTES = 1_000
TOO_SLOW_BYTES = 2_000
GIVEN_UP = "To fit 2.0 MB: stronger compression."
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
GIF = GifView(
    url="/media/gifs/1",
    file_name="clip-1-5.3s-480px.gif",
    bytes=3_100_000,
    width_px=480,
    height_px=270,
    frames=66,
    duration_s=5.28,
)


def a_source(number: int = 1, **changes: Any) -> SourceView:
    """A 720p clip of 5.28 s; a higher number is newer."""
    source = SourceView(
        id=f"source-{number}",
        name=f"clip-{number}.mp4",
        bytes=1_055_736,
        sha256="0" * 64,
        width=1280,
        height=720,
        duration_s=5.28,
        fps=25,
        notes=[],
        poster_url=f"/media/posters/source-{number}",
        created_at=NOON + timedelta(seconds=number),
    )
    return source.model_copy(update=changes)


def a_job(number: int = 1, state: JobState = JobState.QUEUED, **changes: Any) -> JobView:
    """A job of the first source; a higher number is newer."""
    job = JobView(
        id=f"job-{number}",
        name=a_source().name,
        state=state,
        progress=Progress(),
        attempts=0,
        recipe=Recipe(),
        source=a_source(),
        created_at=NOON + timedelta(seconds=number),
    )
    return job.model_copy(update=changes)


class ScriptedClient:
    """Keeps jobs and sources in memory; the next call fails when `failure` is set."""

    page_url = ""
    fetches_links = False

    def __init__(self, jobs: list[JobView] | None = None, sources: list[SourceView] | None = None) -> None:
        self._jobs = {job.id: job for job in jobs or []}
        self._sources = {source.id: source for source in sources or []}
        self.recipes: dict[str, SavedRecipeView] = {}
        self._deleted: dict[str, Any] = {}
        self.failure: Exception | None = None
        self.emit: Callable[[Event], None]
        self.connected: Callable[[bool], None]

    def limits(self) -> Limits:
        return Limits()

    def access_token(self) -> str:
        self._raise_failure()
        return "a token"

    def jobs(self, *, state: JobState | None = None, limit: int = 200) -> list[JobView]:
        self._raise_failure()
        return [job for job in self._jobs.values() if state in (None, job.state)][:limit]

    def job_page(self, query: JobQuery, *, cursor: str | None = None, limit: int = 50) -> JobPage:
        """The cursor is the number of jobs to skip."""
        self._raise_failure()
        chosen = sorted(filter(query.matches, self._jobs.values()), key=query.rank)
        begin = int(cursor or 0)
        has_more = len(chosen) > begin + limit
        return JobPage(
            jobs=chosen[begin : begin + limit],
            next_cursor=str(begin + limit) if has_more else None,
            total=len(chosen),
        )

    def somebody_else_is_done(self) -> None:
        """Another owner's job ends: waiting jobs move up one place, without an event."""
        for job in self.jobs(state=JobState.QUEUED):
            self._keep(job.model_copy(update={"queue_position": (job.queue_position or 2) - 1}))

    def sources(self) -> list[SourceView]:
        return list(self._sources.values())

    def job(self, job_id: str) -> JobView:
        if job_id not in self._jobs:
            raise errors.NotFound(kind="job")
        return self._jobs[job_id]

    def starts(self, job_id: str) -> None:
        """A worker claims the job, and the event is lost."""
        job = self._jobs[job_id]
        self._keep(job.model_copy(update={"state": JobState.RUNNING, "attempts": job.attempts + 1}))

    def source(self, source_id: str) -> SourceView:
        return self._sources.setdefault(source_id, a_source(int(source_id.rpartition("-")[2])))

    def estimate(self, source_id: str, recipe: Recipe) -> EstimateView:  # noqa: ARG002
        if recipe.target_bytes == TOO_FEW_BYTES:
            raise errors.RecipeInvalid(problems="it cannot be so small")
        if recipe.target_bytes == TOO_SLOW_BYTES:
            raise errors.ConversionTooSlow(limit_s=20)
        notes = [GIVEN_UP] if recipe.target_bytes else []
        return EstimateView(bytes=1_234_567, frames=66, width_px=480, height_px=270, notes=notes)

    def me(self) -> MeView:
        return MeView(id="1", email="ada@example.org", role="administrator")

    def save_recipe(self, name: str, recipe: Recipe) -> SavedRecipeView:
        self._raise_failure()
        saved = SavedRecipeView(id=name.lower(), name=name, recipe=recipe, is_mine=True, saved_at=NOON)
        self.recipes[saved.id] = saved
        return saved

    def saved_recipes(self) -> list[SavedRecipeView]:
        return list(self.recipes.values())

    def saved_recipe(self, recipe_id: str) -> SavedRecipeView:
        if recipe_id not in self.recipes:
            raise errors.NotFound(kind="saved recipe")
        return self.recipes[recipe_id]

    def delete_recipe(self, recipe_id: str) -> None:
        self._raise_failure()
        del self.recipes[recipe_id]

    def share_recipe(self, recipe_id: str, *, is_shared: bool = True) -> None:
        self.recipes[recipe_id] = self.recipes[recipe_id].model_copy(update={"is_shared": is_shared})

    def unshare_recipe(self, recipe_id: str) -> None:
        self.share_recipe(recipe_id, is_shared=False)

    def submit(self, source_id: str, recipe: Recipe) -> JobView:
        self._raise_failure()
        for job in self._jobs.values():
            if job.gif and job.source and (job.source.id, job.recipe) == (source_id, recipe):
                return job.model_copy(update={"is_repeat": True})
        return self._keep(a_job(90, source=self._sources[source_id], recipe=recipe))

    def cancel(self, job_id: str) -> JobView:
        self._raise_failure()
        return self._keep(self._jobs[job_id].model_copy(update={"state": JobState.CANCELLED}))

    def rename(self, job_id: str, name: str) -> JobView:
        self._raise_failure()
        return self._keep(self._jobs[job_id].model_copy(update={"name": name}))

    def rename_source(self, source_id: str, name: str) -> SourceView:
        self._raise_failure()
        source = self._sources[source_id].model_copy(update={"name": name})
        self._sources[source_id] = source
        for job in list(self._jobs.values()):
            if job.source and job.source.id == source_id:
                self._keep(job.model_copy(update={"source": source, "name": name}))
        return source

    def retry(self, job_id: str) -> JobView:
        return self._keep(self._jobs[job_id].model_copy(update={"state": JobState.QUEUED}))

    def delete(self, job_id: str) -> None:
        self._raise_failure()
        self._deleted[job_id] = self._jobs.pop(job_id)

    def restore(self, job_id: str) -> JobView:
        return self._keep(self._restored(job_id, "job"))

    def apply(self, action: str, job_ids: list[str]) -> list[str]:
        there = self._deleted if action == "restore" else self._jobs
        done = [job_id for job_id in job_ids if job_id in there]
        for job_id in done:
            getattr(self, action)(job_id)
        return done

    def archive(self, job_ids: list[str]) -> ArchiveView:
        return ArchiveView(url=f"/media/archives/{'-'.join(job_ids)}", files=len(job_ids), bytes=1)

    def delete_source(self, source_id: str) -> None:
        self._raise_failure()
        self._deleted[source_id] = self._sources.pop(source_id)

    def restore_source(self, source_id: str) -> SourceView:
        return self._sources.setdefault(source_id, self._restored(source_id, "source"))

    def purge(self) -> None:
        """The time for undo passes."""
        self._deleted.clear()

    def _restored(self, item_id: str, kind: str) -> Any:
        if item_id not in self._deleted:
            raise errors.NotFound(kind=kind)
        return self._deleted.pop(item_id)

    async def follow(self, on_event: Callable[[Event], None], on_connection: Callable[[bool], None]) -> None:
        self.emit, self.connected = on_event, on_connection
        self._raise_failure()

    def _keep(self, job: JobView) -> JobView:
        self._jobs[job.id] = job
        return job

    def _raise_failure(self) -> None:
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure


UNREACHABLE = errors.ServiceUnavailable(service="gifapp")


class Browser(BaseComm):
    """The other end of one widget: what it received, and what a user does."""

    def __init__(self, widget: Any) -> None:
        self._widget = widget
        self.messages: list[Any] = []
        super().__init__(target_name="jupyter.widget")
        widget.comm = self

    def publish_msg(self, msg_type: str, data: Any = None, *_: Any, **__: Any) -> None:  # noqa: ARG002
        if data and data.get("method") == "custom":
            self.messages.append(data["content"])
            if data["content"]["type"] == "settle":
                self.says(type="settled")

    def says(self, **message: Any) -> None:
        self._widget._handle_custom_msg(message, [])

    def of_type(self, wanted: str) -> list[Any]:
        return [message for message in self.messages if message["type"] == wanted]
