"""An owner's operations on videos: add from an upload, list, show, rename, delete, restore.

All methods block; run them in a thread. Other people's videos are not found.
"""

from __future__ import annotations

from gifapp import errors
from gifapp.conversion.playable import media_type
from gifapp.conversion.probing.probe import probe
from gifapp.conversion.video import Video
from gifapp.domain.limits import Allowance, Limits
from gifapp.domain.views.jobs import SourcePage, SourceView
from gifapp.jobs.cleanup.removal import remove_unreferenced_source
from gifapp.jobs.db import job_store, sources, usage
from gifapp.jobs.db.documents import SourceDocument
from gifapp.jobs.db.views import source_view, source_views
from gifapp.jobs.events.counters import VIDEO_BYTES, VIDEOS, CounterStore
from gifapp.jobs.events.stream import EventStream
from gifapp.jobs.services.account_deletion import ensure_account_open
from gifapp.storage.blob import Blob
from gifapp.storage.blobs import Blobs
from gifapp.storage.incoming import Incoming


class Sources:
    def __init__(
        self,
        *,
        blobs: Blobs,
        events: EventStream,
        counters: CounterStore,
        limits: Limits,
        allowance: Allowance,
    ) -> None:
        self._blobs = blobs
        self._events = events
        self._counters = counters
        self._limits = limits
        self._quota_bytes = allowance.stored_bytes
        self._retention = allowance.retention

    def incoming(self, owner_id: str, *, declared_bytes: int = 0) -> Incoming:
        """A temporary file for an upload; removed on exit unless it was added as a source.

        Raises:
            errors.QuotaExceeded, errors.DiskFull: the declared size does not fit.
        """
        quota = usage.quota_usage(owner_id, limit_bytes=self._quota_bytes)
        quota.check(max(1, declared_bytes))
        self._blobs.workspace.check_disk(declared_bytes, reserve_bytes=self._limits.reserve_bytes)
        return self._blobs.workspace.incoming(limit_bytes=self._limits.max_upload_bytes, quota=quota)

    def add(
        self, owner_id: str, incoming: Incoming, name: str, *, source_id: str | None = None
    ) -> SourceView:
        """Turn a complete upload into a source, with this id if one is given.

        Raises:
            errors.SourceRefused: the file is not a video that we can convert; nothing is kept.
            errors.QuotaExceeded: another upload has used up the quota meanwhile.
            errors.DiskFull, errors.ServiceUnavailable
        """
        from gifapp.conversion.decode import still  # noqa: PLC0415  workers need no NumPy

        incoming.finish()
        video = probe(incoming.path, limits=self._limits)
        still.poster(incoming.path, video, incoming.poster_path, limits=self._limits)
        view = source_view(self._keep(owner_id, incoming, name, video, source_id), retention=self._retention)
        self._events.source_created(owner_id, view)
        self._counters.count(VIDEOS.increment(), VIDEO_BYTES.increment(incoming.bytes))
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
            ensure_account_open(owner_id)
            # again, under the lock: two concurrent uploads may each fit, but not both
            usage.check_quota(owner_id, incoming.bytes, limit_bytes=self._quota_bytes)
        except (errors.NotFound, errors.QuotaExceeded):
            remove_unreferenced_source(self._blobs, incoming.sha256)  # it may have been prestaged
            raise

    def page(self, owner_id: str, *, limit: int = 50, cursor: str | None = None) -> SourcePage:
        """A page of sources, newest first.

        Raises:
            errors.FieldInvalid: the cursor is not one that a page returned.
        """
        page, next_cursor = sources.source_page(owner_id, cursor=cursor, limit=limit)
        return SourcePage(sources=source_views(page, retention=self._retention), next_cursor=next_cursor)

    def find(self, owner_id: str, source_id: str) -> SourceView:
        return source_view(sources.find_source(owner_id, source_id), retention=self._retention)

    def rename(self, owner_id: str, source_id: str, name: str) -> SourceView:
        """Rename a source; its GIFs that have no name of their own follow.

        Raises:
            errors.NotFound
        """
        source = sources.rename_source(owner_id, source_id, name)
        job_store.show_source_name(source)
        view = source_view(source, retention=self._retention)
        self._events.source_changed(owner_id, view)
        return view

    def poster(self, owner_id: str, source_id: str) -> Blob:
        """A JPEG, at most 480 px wide."""
        return Blob("poster", sources.find_source(owner_id, source_id).sha256)

    def original(self, owner_id: str, source_id: str) -> tuple[Blob, str]:
        """The uploaded file and its media type.

        Raises:
            errors.NotFound: there is no such source, or browsers can't play it.
        """
        source = sources.find_source(owner_id, source_id)
        video_type = media_type(sources.video_of(source))
        if video_type is None:
            raise errors.NotFound(kind="video that browsers can play")
        return Blob("source", source.sha256), video_type

    def frame(self, owner_id: str, source_id: str, at_s: float) -> bytes:
        """The frame at `at_s` as a JPEG, at most 480 px wide.

        Raises:
            errors.NotFound
            errors.SourceDamaged, errors.ConversionTooSlow: no frame could be decoded.
        """
        from gifapp.conversion.decode import still  # noqa: PLC0415  workers need no NumPy

        source = sources.find_source(owner_id, source_id)
        with self._blobs.video(source.sha256) as path:
            return still.picture(path, sources.video_of(source), at_s, limits=self._limits)

    def delete(self, owner_id: str, source_id: str) -> None:
        """Delete a source; its finished GIFs are kept.

        It can be restored until it is purged, which `Timings.undo_s` bounds.

        Raises:
            errors.NotFound
            errors.SourceInUse: a queued or running job needs it.
        """
        sources.find_source(owner_id, source_id)
        if job_store.is_in_use(source_id):
            raise errors.SourceInUse
        sources.delete_source(owner_id, source_id)
        self._events.source_deleted(owner_id, source_id)

    def restore(self, owner_id: str, source_id: str) -> SourceView:
        """Undo a deletion.

        Raises:
            errors.NotFound: no such source, or it was purged.
        """
        view = source_view(sources.restore_source(owner_id, source_id), retention=self._retention)
        self._events.source_created(owner_id, view)
        return view
