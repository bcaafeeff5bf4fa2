"""Documents as their owners see them."""

from __future__ import annotations

from collections.abc import Sequence

from gifapp.domain.admin_views import OwnedJobView
from gifapp.domain.formats import FILE_KINDS
from gifapp.domain.job import JobState, Progress
from gifapp.domain.recipe import Format, Recipe
from gifapp.domain.views import ErrorView, GifView, JobView, PastErrorView, SourceView
from gifapp.jobs.documents import JobDocument, SourceDocument
from gifapp.jobs.sources import sources_by_id, video_of
from gifapp.jobs.turns import Line


def source_view(source: SourceDocument) -> SourceView:
    video = video_of(source)
    return SourceView(
        id=source.id,
        name=source.name,
        bytes=source.bytes,
        sha256=source.sha256,
        width=video.width_px,
        height=video.height_px,
        duration_s=video.duration_s,
        fps=video.fps,
        pace_fps=video.pace_fps,
        is_sequence=video.is_sequence,
        notes=list(video.notes),
        poster_url=f"/api/v1/sources/{source.id}/poster",
        frame_url=f"/api/v1/sources/{source.id}/frame",
        created_at=source.created_at,
    )


def job_view(job: JobDocument) -> JobView:
    """The view of one job, with its whole recipe."""
    sources = sources_by_id(job.owner, {job.source})
    return _job_view(job, Recipe.parse(job.recipe), sources.get(job.source), _line_of([job]))


def job_views(jobs: Sequence[JobDocument]) -> list[JobView]:
    """The views of jobs of one owner, without what a recipe may hold by the 100 kB."""
    if not jobs:
        return []
    sources = sources_by_id(jobs[0].owner, {job.source for job in jobs})
    line = _line_of(jobs)
    return [_job_view(job, _recipe_without_files(job), sources.get(job.source), line) for job in jobs]


def owned_job_view(job: JobDocument) -> OwnedJobView:
    """The view of a job whose owner is not known; without its recipe if that was not read."""
    return OwnedJobView(
        id=job.id,
        owner_id=job.owner,
        state=JobState(job.state),
        source_name=job.source_name,
        attempts=job.attempts,
        max_attempts=job.max_attempts,
        worker=job.worker,
        error=_error_view(job),
        errors=_past_errors(job),
        recipe=_recipe_without_files(job) if job.recipe else None,
        created_at=job.created_at,
        run_at=job.run_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
    )


def _line_of(jobs: Sequence[JobDocument]) -> Line | None:
    """The queue, if any of the jobs is in it."""
    return Line.now() if any(job.state == JobState.QUEUED for job in jobs) else None


def _recipe_without_files(job: JobDocument) -> Recipe:
    return Recipe.parse({**job.recipe, "subtitles": None, "overlay": None})


def _job_view(job: JobDocument, recipe: Recipe, source: SourceDocument | None, line: Line | None) -> JobView:
    progress = job.progress
    place = line.place(job) if line else None
    return JobView(
        id=job.id,
        state=JobState(job.state),
        progress=Progress(phase=progress.phase, fraction=progress.fraction, eta_s=progress.eta_s),
        queue_position=place,
        wait_s=line.wait_s(place) if line and place else None,
        attempts=job.attempts,
        error=_error_view(job),
        errors=_past_errors(job),
        recipe=recipe,
        source=source_view(source) if source else None,
        gif=_gif_view(job, recipe.format),
        created_at=job.created_at,
        run_at=job.run_at if job.state == JobState.QUEUED and place is None else None,
        started_at=job.started_at,
        finished_at=job.finished_at,
    )


def _error_view(job: JobDocument) -> ErrorView | None:
    return ErrorView(code=job.error.code, detail=job.error.detail) if job.error else None


def _past_errors(job: JobDocument) -> list[PastErrorView]:
    return [
        PastErrorView(code=one.code, detail=one.detail, attempt=one.attempt, at=one.at) for one in job.errors
    ]


def _gif_view(job: JobDocument, made: Format) -> GifView | None:
    if job.gif is None:
        return None
    return GifView(
        url=f"/api/v1/jobs/{job.id}/gif",
        format=made,
        content_type=FILE_KINDS[made].content_type,
        bytes=job.gif.bytes,
        width_px=job.gif.width_px,
        height_px=job.gif.height_px,
        frames=job.gif.frames,
        duration_s=job.gif.duration_s,
        notes=list(job.gif.notes),
    )
