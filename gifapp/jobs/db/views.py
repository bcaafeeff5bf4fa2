"""Converts documents to the views that their owners see."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from gifapp.conversion.playable import has_proxy, media_type
from gifapp.domain.job import JobState, Progress
from gifapp.domain.recipes.output_formats import FILE_KINDS
from gifapp.domain.recipes.output_names import chosen_file_name, default_file_name
from gifapp.domain.recipes.recipe import Format, Recipe
from gifapp.domain.views.administration import OwnedJobView
from gifapp.domain.views.jobs import ErrorView, GifView, JobView, PastErrorView, SourceView
from gifapp.jobs.db.documents import JobDocument, SourceDocument
from gifapp.jobs.db.expiry import job_expires_at, sources_expire_at
from gifapp.jobs.db.scheduling import QueueSnapshot
from gifapp.jobs.db.sources import sources_by_id, video_of


def source_view(source: SourceDocument, *, retention: timedelta | None = None) -> SourceView:
    """The view of one source; `retention` is how long unused sources are kept."""
    return source_views([source], retention=retention)[0]


def source_views(
    sources: Collection[SourceDocument], *, retention: timedelta | None = None
) -> list[SourceView]:
    expire_at = sources_expire_at(sources, retention)
    return [_source_view(source, expire_at.get(source.id)) for source in sources]


def _source_view(source: SourceDocument, expires_at: datetime | None) -> SourceView:
    video = video_of(source)
    video_type = media_type(video)
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
        keeps_times=video.is_pictures,
        notes=list(video.notes),
        poster_url=f"/api/v1/sources/{source.id}/poster",
        frame_url=f"/api/v1/sources/{source.id}/frame",
        filmstrip_url=f"/api/v1/sources/{source.id}/filmstrip" if video.fps else None,
        preview_url=f"/api/v1/sources/{source.id}/preview",
        strip_url=f"/api/v1/sources/{source.id}/strip",
        video_url=f"/api/v1/sources/{source.id}/video" if video_type else None,
        video_type=video_type,
        video_lead_s=video.lead_s,
        proxy_url=f"/api/v1/sources/{source.id}/proxy" if has_proxy(video) else None,
        layers_url=f"/api/v1/sources/{source.id}/layers",
        created_at=source.created_at,
        expires_at=expires_at,
    )


def job_view(job: JobDocument, *, retention: timedelta | None = None) -> JobView:
    """The view of one job, with its whole recipe; `retention` is how long finished jobs are kept."""
    [source] = _sources_of([job], retention)
    return _job_view(job, Recipe.parse(job.recipe), source, _snapshot_for([job]), retention)


def job_views(jobs: Sequence[JobDocument], *, retention: timedelta | None = None) -> list[JobView]:
    """The views of one owner's jobs, without their recipes' files, which may have hundreds of kB."""
    if not jobs:
        return []
    snapshot = _snapshot_for(jobs)
    return [
        _job_view(job, _recipe_without_files(job), source, snapshot, retention)
        for job, source in zip(jobs, _sources_of(jobs, retention), strict=True)
    ]


def _sources_of(jobs: Sequence[JobDocument], retention: timedelta | None) -> list[SourceView | None]:
    """The source of each job, all of one owner; None: it is gone."""
    sources = sources_by_id(jobs[0].owner, {job.source for job in jobs})
    views = {view.id: view for view in source_views(sources.values(), retention=retention)}
    return [views.get(job.source) for job in jobs]


def owned_job_view(job: JobDocument) -> OwnedJobView:
    """The view of a job for administrators; without its recipe if that was not loaded."""
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


def _snapshot_for(jobs: Sequence[JobDocument]) -> QueueSnapshot | None:
    """A snapshot of the queue if any of the jobs is queued."""
    return QueueSnapshot.now() if any(job.state == JobState.QUEUED for job in jobs) else None


def _recipe_without_files(job: JobDocument) -> Recipe:
    return Recipe.parse({**job.recipe, "subtitles": None, "overlay": None})


def _job_view(
    job: JobDocument,
    recipe: Recipe,
    source: SourceView | None,
    snapshot: QueueSnapshot | None,
    retention: timedelta | None,
) -> JobView:
    progress = job.progress
    place = snapshot.place(job) if snapshot else None
    return JobView(
        id=job.id,
        name=job.name or job.source_name,
        state=JobState(job.state),
        progress=Progress(phase=progress.phase, fraction=progress.fraction, eta_s=progress.eta_s),
        queue_position=place,
        wait_s=snapshot.wait_s(place) if snapshot and place else None,
        is_paused=bool(snapshot and place and snapshot.is_paused),
        attempts=job.attempts,
        error=_error_view(job),
        errors=_past_errors(job),
        recipe=recipe,
        source=source,
        gif=_gif_view(job, recipe.format),
        created_at=job.created_at,
        run_at=job.run_at if job.state == JobState.QUEUED and place is None else None,
        started_at=job.started_at,
        finished_at=job.finished_at,
        expires_at=job_expires_at(job, retention),
    )


def file_name_of(job: JobDocument) -> str:
    """The name under which the job's finished GIF is downloaded."""
    made = job.recipe["format"]
    if job.name:
        return chosen_file_name(job.name, made)
    facts = {"duration_s": job.gif.duration_s, "width_px": job.gif.width_px}
    return default_file_name(job.source_name, made, **facts)


def _error_view(job: JobDocument) -> ErrorView | None:
    return ErrorView(code=job.error.code, detail=job.error.detail) if job.error else None


def _past_errors(job: JobDocument) -> list[PastErrorView]:
    return [
        PastErrorView(code=error.code, detail=error.detail, attempt=error.attempt, at=error.at)
        for error in job.errors
    ]


def _gif_view(job: JobDocument, made: Format) -> GifView | None:
    if job.gif is None:
        return None
    return GifView(
        url=f"/api/v1/jobs/{job.id}/gif",
        file_name=file_name_of(job),
        still_url=f"/api/v1/jobs/{job.id}/still" if job.gif.has_still else None,
        frames_url=f"/api/v1/jobs/{job.id}/frames",
        format=made,
        content_type=FILE_KINDS[made].content_type,
        bytes=job.gif.bytes,
        width_px=job.gif.width_px,
        height_px=job.gif.height_px,
        frames=job.gif.frames,
        duration_s=job.gif.duration_s,
        notes=list(job.gif.notes),
    )
