"""The web tier's interface to jobs: submit, cancel, retry, find. Blocking; run it in a thread.

Every verb takes the owner's id; what belongs to somebody else is not found.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

from gifapp import errors
from gifapp.conversion.decode.still import picture, poster
from gifapp.conversion.gif.encoder import ENGINE_VERSION
from gifapp.conversion.plan import make_plan
from gifapp.conversion.probing.probe import probe
from gifapp.conversion.video import Video
from gifapp.domain.job import MOST_AHEAD, JobState, Priority
from gifapp.domain.limits import Allowance, Limits, QuotaUsage
from gifapp.domain.recipes.output_formats import FILE_KINDS
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import EstimateView, JobPage, JobView, SourcePage, SourceView
from gifapp.jobs.attempts.estimates import Estimates
from gifapp.jobs.cleanup.consistency import Housekeeping
from gifapp.jobs.cleanup.removal import remove_files_of, remove_unnamed_source
from gifapp.jobs.cleanup.retention import Retention
from gifapp.jobs.cleanup.sweep import Sweep
from gifapp.jobs.db import job_store, sources, submissions, usage
from gifapp.jobs.db.documents import JobDocument, SourceDocument, in_milliseconds, utc_now
from gifapp.jobs.db.views import job_view, job_views, source_view, source_views
from gifapp.jobs.events.counters import SUBMITTED, VIDEO_BYTES, VIDEOS, CounterStore
from gifapp.jobs.events.stream import EventStream
from gifapp.jobs.events.wakeups import WakeupQueue
from gifapp.jobs.services import account_deletion
from gifapp.jobs.services.export import archive
from gifapp.jobs.timings import Timings
from gifapp.storage.blob import Blob
from gifapp.storage.blobs import Blobs
from gifapp.storage.incoming import Incoming


@dataclass(frozen=True)
class GifFile:
    """A finished GIF, or what the job's recipe asked for instead; `etag` is quoted as HTTP wants it."""

    blob: Blob
    file_name: str
    content_type: str
    bytes: int
    etag: str


class JobService:
    def __init__(
        self,
        *,
        blobs: Blobs,
        estimates: Estimates,
        wakeups: WakeupQueue,
        events: EventStream,
        counters: CounterStore,
        limits: Limits,
        allowance: Allowance,
        timings: Timings,
    ) -> None:
        self._blobs = blobs
        self._estimates = estimates
        self._wakeups = wakeups
        self._events = events
        self._counters = counters
        self._limits = limits
        self._allowance = allowance
        self._timings = timings
        self._kept = allowance.kept
        self.sweep = Sweep(blobs, wakeups, events, timings, Retention(blobs, events, self._kept), counters)
        self.housekeeping = Housekeeping(blobs, timings)

    # --- owners ------------------------------------------------------------------------------

    def stored_by(self, owner_ids: Collection[str]) -> dict[str, int]:
        """What the videos and GIFs of those take who have any, in bytes."""
        return usage.stored_by(owner_ids)

    def export(self, owner_id: str, about: Mapping[str, Any]) -> Iterator[bytes]:
        """A zip of all that they have, part by part, with `about` as files of JSON by their names."""
        return archive(self._blobs, owner_id, about)

    def forget_owner(self, owner_id: str) -> None:
        """Remove all that they have; what of theirs is on its way in will not be kept."""
        account_deletion.remove_all_of(self._blobs, owner_id)
        self._events.forget(owner_id)

    # --- sources -----------------------------------------------------------------------------

    def room(self, owner_id: str) -> QuotaUsage:
        """What they store, and how much they may."""
        return usage.room_of(owner_id, limit_bytes=self._allowance.stored_bytes)

    def incoming(self, owner_id: str, *, declared_bytes: int = 0) -> Incoming:
        """Where an upload goes; what is not added as a source is removed on exit.

        Raises:
            errors.QuotaExceeded, errors.DiskFull: so much, as far as it is known, does not fit.
        """
        room = self.room(owner_id)
        room.check(max(1, declared_bytes))
        self._blobs.workspace.check_disk(declared_bytes, reserve_bytes=self._limits.reserve_bytes)
        return self._blobs.workspace.incoming(limit_bytes=self._limits.max_upload_bytes, room=room)

    def add_source(
        self, owner_id: str, incoming: Incoming, name: str, *, source_id: str | None = None
    ) -> SourceView:
        """Keep an upload that has come in completely; under this id, if one was chosen.

        Raises:
            errors.SourceRefused: it is no video we convert; nothing is kept.
            errors.QuotaExceeded: another upload has taken the room meanwhile.
            errors.DiskFull, errors.ServiceUnavailable
        """
        incoming.finish()
        video = probe(incoming.path, limits=self._limits)
        poster(incoming.path, video, incoming.poster_path, limits=self._limits)
        view = source_view(self._keep(owner_id, incoming, name, video, source_id), kept=self._kept)
        self._events.source_created(owner_id, view)
        self._counters.count(VIDEOS.plus(), VIDEO_BYTES.plus(incoming.bytes))
        return view

    def _keep(
        self, owner_id: str, incoming: Incoming, name: str, video: Video, source_id: str | None
    ) -> SourceDocument:
        self._blobs.prestage(incoming)
        with self._blobs.store.exclusive():
            self._check_may_keep(owner_id, incoming)
            self._blobs.keep_source(incoming)
            try:
                return sources.add_source(
                    owner_id,
                    name=name,
                    size_bytes=incoming.bytes,
                    sha256=incoming.sha256,
                    video=video,
                    source_id=source_id,
                )
            except errors.ServiceUnavailable:
                incoming.leave()
                raise

    def _check_may_keep(self, owner_id: str, incoming: Incoming) -> None:
        try:
            account_deletion.check_stays(owner_id)
            self._check_room(owner_id, incoming.bytes)  # here: of two uploads that fit alone, one may not
        except (errors.NotFound, errors.QuotaExceeded):
            remove_unnamed_source(self._blobs, incoming.sha256)  # it may have been sent ahead
            raise

    def _check_room(self, owner_id: str, more_bytes: int) -> None:
        if self._allowance.stored_bytes is not None:
            self.room(owner_id).check(more_bytes)

    def sources(self, owner_id: str) -> list[SourceView]:
        """Newest first."""
        return source_views(sources.sources_of(owner_id), kept=self._kept)

    def source_page(self, owner_id: str, *, limit: int = 50, cursor: str | None = None) -> SourcePage:
        """Newest first.

        Raises:
            errors.FieldInvalid: the cursor is none that a page gave.
        """
        page, next_cursor = sources.source_page(owner_id, cursor=cursor, limit=limit)
        return SourcePage(sources=source_views(page, kept=self._kept), next_cursor=next_cursor)

    def source(self, owner_id: str, source_id: str) -> SourceView:
        return source_view(sources.find_source(owner_id, source_id), kept=self._kept)

    def video(self, owner_id: str, source_id: str) -> Blob:
        return Blob("source", sources.find_source(owner_id, source_id).sha256)

    def poster(self, owner_id: str, source_id: str) -> Blob:
        """A JPEG, at most 480 px wide."""
        return Blob("poster", sources.find_source(owner_id, source_id).sha256)

    def frame(self, owner_id: str, source_id: str, at_s: float) -> bytes:
        """A JPEG of what the source shows at `at_s`, at most 480 px wide.

        Raises:
            errors.NotFound
            errors.SourceDamaged, errors.ConversionTooSlow: there is no picture to take.
        """
        source = sources.find_source(owner_id, source_id)
        with self._blobs.video(source.sha256) as path:
            return picture(path, sources.video_of(source), at_s, limits=self._limits)

    def delete_source(self, owner_id: str, source_id: str) -> None:
        """Forget a source; its bytes go when no other source has the same. Finished GIFs stay.

        Raises:
            errors.NotFound
            errors.SourceInUse: a job still has to read it.
        """
        sources.find_source(owner_id, source_id)
        if job_store.is_in_use(source_id):
            raise errors.SourceInUse
        with self._blobs.store.exclusive():
            removed = sources.remove_source(owner_id, source_id)
            remove_unnamed_source(self._blobs, removed.sha256)
        self._events.source_deleted(owner_id, source_id)

    # --- estimates ---------------------------------------------------------------------------

    def estimate(self, owner_id: str, source_id: str, recipe: Recipe) -> EstimateView:
        """About how large the GIF would be; takes about a second.

        Raises:
            errors.NotFound, errors.SourceRefused: see `submit`.
            errors.FieldInvalid: the recipe is for no GIF.
            errors.TargetTooSmall: no GIF of it could be so small.
        """
        if recipe.format != "gif":
            raise errors.FieldInvalid(field="recipe.format", problem="only a GIF can be estimated")
        source = sources.find_source(owner_id, source_id)
        video = sources.video_of(source)
        make_plan(video, recipe, self._limits)
        with self._blobs.video(source.sha256) as path:
            told = self._estimates.estimate(path, video, recipe)
        return EstimateView(
            bytes=told.bytes,
            frames=told.frames,
            width_px=told.width_px,
            height_px=told.height_px,
            notes=list(told.notes),
        )

    # --- jobs --------------------------------------------------------------------------------

    def submit(
        self,
        owner_id: str,
        source_id: str,
        recipe: Recipe,
        *,
        priority: Priority = "normal",
        run_at: datetime | None = None,
        idempotency_key: str | None = None,
    ) -> JobView:
        """Queue a conversion, not to run before `run_at`.

        It is safe once this returns, whatever happens to Redis.
        Who asks again, by the same idempotency key or for what another of their jobs makes or has made,
        is answered with that job.

        Raises:
            errors.NotFound: no such source.
            errors.SourceRefused: the recipe asks for more than the source has or the limits allow.
            errors.FieldInvalid: `run_at` is too far ahead.
            errors.TooManyJobs
            errors.QuotaExceeded: they store as much as they may already.
            errors.ServiceUnavailable
        """
        run_at = _ahead(run_at)
        source = sources.use_source(owner_id, source_id)
        make_plan(sources.video_of(source), recipe, self._limits)
        fingerprint, key = _fingerprint(source, recipe), idempotency_key or None
        while (found := job_store.find_same(owner_id, fingerprint=fingerprint, idempotency_key=key)) is None:
            self._check_room(owner_id, 1)
            submissions.count_one(owner_id, most_per_hour=self._allowance.jobs_per_hour)
            job = job_store.add_job(
                source,
                recipe,
                fingerprint=fingerprint,
                priority=priority,
                run_at=run_at,
                max_attempts=self._timings.max_attempts,
                idempotency_key=key,
            )
            if job is not None:
                self._check_owner_stayed(job)
                self._counters.count(SUBMITTED.plus())
                return self._rung_and_shown(job)
        return job_view(found, kept=self._kept).model_copy(update={"is_repeat": True})

    def jobs(
        self, owner_id: str, *, state: JobState | None = None, limit: int = 50, cursor: str | None = None
    ) -> JobPage:
        """Newest first.

        Raises:
            errors.FieldInvalid: the cursor is none that a page gave.
        """
        page, next_cursor = job_store.jobs_of(owner_id, state=state, cursor=cursor, limit=limit)
        return JobPage(jobs=job_views(page, kept=self._kept), next_cursor=next_cursor)

    def job(self, owner_id: str, job_id: str) -> JobView:
        return job_view(job_store.find_job(owner_id, job_id), kept=self._kept)

    def cancel(self, owner_id: str, job_id: str) -> JobView:
        """Cancel a queued job now, a running one within about a second.

        Raises:
            errors.NotFound
            errors.MoveNotAllowed: it has ended.
        """
        return self._shown(job_store.cancel_job(owner_id, job_id))

    def retry(self, owner_id: str, job_id: str) -> JobView:
        """Queue a job again that failed, died or was cancelled.

        Raises:
            errors.NotFound: no such job, or its source is gone.
            errors.MoveNotAllowed: it is queued, running or succeeded.
            errors.QuotaExceeded: see `submit`.
        """
        self._check_room(owner_id, 1)
        sources.use_source(owner_id, job_store.find_job(owner_id, job_id).source)
        return self._rung_and_shown(job_store.retry_job(owner_id, job_id))

    def delete(self, owner_id: str, job_id: str) -> None:
        """Delete a job and its GIF; a running job is stopped."""
        self.clean_up_after(job_store.remove_job(owner_id, job_id))

    def clean_up_after(self, removed: JobDocument) -> None:
        """Remove the files of a job whose document is gone, and tell its owner."""
        remove_files_of(self._blobs, removed)
        self._events.job_deleted(removed.owner, removed.id)

    def gif(self, owner_id: str, job_id: str) -> GifFile:
        """The finished GIF.

        Raises:
            errors.NotFound
            errors.JobNotFinished: there is none, or not yet.
        """
        job = job_store.find_job(owner_id, job_id)
        if job.gif is None:
            raise errors.JobNotFinished(state=job.state)
        kind = FILE_KINDS[Recipe.parse(job.recipe).format]
        return GifFile(
            blob=Blob("gif", job.gif.key),
            file_name=f"{PurePath(job.source_name).stem}{kind.suffix}",
            content_type=kind.content_type,
            bytes=job.gif.bytes,
            etag=f'"{job.gif.key}"',
        )

    def _check_owner_stayed(self, job: JobDocument) -> None:
        """Whoever removes all that they have finds the job, or it finds their mark here."""
        try:
            account_deletion.check_stays(job.owner)
        except errors.NotFound:
            job_store.remove_job(job.owner, job.id)
            raise

    def _rung_and_shown(self, job: JobDocument) -> JobView:
        view = self._shown(job)  # first: a worker that hears the bell tells the next change at once
        if job.state == JobState.QUEUED and job.run_at <= utc_now():
            self._wakeups.notify(job.id, priority=job.priority)
        return view

    def _shown(self, job: JobDocument) -> JobView:
        view = job_view(job, kept=self._kept)
        self._events.job_shown(job.owner, view)
        return view


def _ahead(run_at: datetime | None) -> datetime | None:
    """The time as MongoDB keeps it; None: it is not in the future."""
    now = utc_now()
    if run_at is None or run_at <= now:
        return None
    if run_at > now + MOST_AHEAD:
        raise errors.FieldInvalid(field="run_at", problem=f"it may be at most {MOST_AHEAD.days} days ahead")
    return in_milliseconds(run_at.astimezone(UTC))


def _fingerprint(source: SourceDocument, recipe: Recipe) -> str:
    """What decides the GIF's bytes: the video's, the recipe, and who makes it."""
    return hashlib.sha256(f"{source.sha256} {recipe.digest} {ENGINE_VERSION}".encode()).hexdigest()
