"""An owner's operations on resumable uploads: start, continue, turn into a source, cancel.

All methods block; run them in a thread. Other people's uploads are not found.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from math import ceil
from typing import NamedTuple

from gifapp import errors
from gifapp.domain.limits import Allowance, Limits, QuotaUsage
from gifapp.jobs.db import sources, usage
from gifapp.jobs.db.documents import utc_now
from gifapp.jobs.services.sources import Sources
from gifapp.jobs.timings import Timings
from gifapp.storage.blobs import Blobs
from gifapp.storage.partial_uploads import Checksum, PartialUpload, PartialUploads, UploadMetadata, Writer

MAX_UNFINISHED = 100  # per user: each takes a directory, however few bytes have arrived
SPARE_PARTS = 10_000  # requests per upload of any size, since a bad connection breaks many
MIN_PART_BYTES = 256  # the mean size of a request, once they are used up


class UploadStatus(NamedTuple):
    """An upload and its offset; it is removed at `expires_at` unless more bytes arrive."""

    id: str
    facts: UploadMetadata
    offset: int
    expires_at: datetime

    @property
    def awaits_source(self) -> bool:
        """All bytes have arrived, but it is not a source yet."""
        return self.offset == self.facts.length_bytes and self.facts.source_id is None


class Uploads:
    def __init__(
        self, sources: Sources, *, blobs: Blobs, limits: Limits, allowance: Allowance, timings: Timings
    ) -> None:
        self._sources = sources
        self._blobs = blobs
        self._partial = PartialUploads(blobs)
        self._limits = limits
        self._quota_bytes = allowance.stored_bytes
        self._lifetime = timedelta(seconds=timings.upload_s)

    def create(self, owner_id: str, length_bytes: int, name: str, metadata: str = "") -> UploadStatus:
        """Start an upload of `length_bytes`, if there is room for it.

        Raises:
            errors.SourceEmpty, errors.SourceTooLarge, errors.TooManyUploads
            errors.QuotaExceeded, errors.DiskFull
        """
        if length_bytes == 0:
            raise errors.SourceEmpty
        facts = UploadMetadata(
            owner_id=owner_id,
            length_bytes=length_bytes,
            name=name,
            metadata=metadata,
            created_at=utc_now(),
        )
        with self._partial.exclusive(owner_id):
            self._check_may_begin(owner_id, length_bytes)
            return self.status_of(self._partial.create(facts))

    def _check_may_begin(self, owner_id: str, length_bytes: int) -> None:
        unfinished = self._partial.unfinished(owner_id)
        if len(unfinished) >= MAX_UNFINISHED:
            goes_at = min(self.status_of(upload).expires_at for upload in unfinished)
            wait_s = max(1, ceil((goes_at - utc_now()).total_seconds()))
            raise errors.TooManyUploads(limit=MAX_UNFINISHED, retry_after_s=wait_s)
        self._check_quota(owner_id, length_bytes, length_bytes, unfinished)

    def find(self, owner_id: str, upload_id: str) -> UploadStatus:
        """Raises errors.NotFound unless the owner has such an upload."""
        return self.status_of(self._partial.find(owner_id, upload_id))

    def status_of(self, upload: PartialUpload) -> UploadStatus:
        return UploadStatus(upload.id, upload.facts, upload.offset, upload.touched_at + self._lifetime)

    @contextmanager
    def resume(
        self, owner_id: str, upload_id: str, offset: int, more_bytes: int, checksum: Checksum | None
    ) -> Iterator[Writer]:
        """Append from `offset` on, up to `more_bytes` if that is known, with exclusive access to the upload.

        Raises:
            errors.NotFound, errors.UploadLocked, errors.UploadOffsetWrong
            errors.BodyTooLarge: more bytes than the upload lacks.
            errors.TooManyParts: too many requests with too few bytes.
            errors.QuotaExceeded, errors.DiskFull
        """
        with self._hold(owner_id, upload_id) as upload:
            _check_parts(upload.count_part(), upload.offset)
            if offset != upload.offset:
                raise errors.UploadOffsetWrong(offset=upload.offset)
            missing = upload.facts.length_bytes - offset
            if more_bytes > missing:
                raise errors.BodyTooLarge(limit_bytes=missing)
            if missing:
                self._check_quota(owner_id, upload.facts.length_bytes, missing, self._others(upload))
                upload.append(offset, checksum)
            yield upload

    def add_source(self, upload: Writer) -> None:
        """Turn a complete upload into a source, unless it is one already. A refused video is removed.

        The source takes the upload's id: if the process is killed before it records this, a second call
        does not create another source.

        Raises:
            errors.SourceRefused
            errors.QuotaExceeded, errors.DiskFull, errors.ServiceUnavailable: the upload is kept; try again.
        """
        if upload.facts.source_id is not None:
            return
        if not sources.exists(upload.facts.owner_id, upload.id):
            self._add(upload)
        upload.settle(upload.id)

    def _add(self, upload: Writer) -> None:
        owner_id, name = upload.facts.owner_id, upload.facts.name
        try:
            with self._sources.incoming(owner_id) as incoming:
                incoming.adopt(upload.path, sha256=upload.sha256)
                self._sources.add(owner_id, incoming, name, source_id=upload.id)
        except errors.SourceRefused:
            upload.remove()
            raise

    def finish(self, owner_id: str, upload_id: str) -> UploadStatus:
        """Turn an upload into a source if it is complete but its process was killed or a server was down.

        Raises:
            errors.NotFound, errors.UploadLocked; and those of `add_source`.
        """
        with self._hold(owner_id, upload_id) as upload:
            if upload.is_complete:
                self.add_source(upload)
            return self.status_of(upload)

    def remove(self, owner_id: str, upload_id: str) -> None:
        """Raises errors.NotFound, errors.UploadLocked."""
        with self._hold(owner_id, upload_id) as upload:
            upload.remove()

    def _hold(self, owner_id: str, upload_id: str) -> Writer:
        upload = self._partial.find(owner_id, upload_id)
        return Writer(upload.directory, upload.facts)

    def _others(self, upload: PartialUpload) -> list[PartialUpload]:
        unfinished = self._partial.unfinished(upload.facts.owner_id)
        return [other for other in unfinished if other.id != upload.id]

    def _check_quota(self, owner_id: str, length: int, missing: int, unfinished: list[PartialUpload]) -> None:
        if length > self._limits.max_upload_bytes:
            raise errors.SourceTooLarge(limit_bytes=self._limits.max_upload_bytes)
        quota = usage.quota_usage(owner_id, limit_bytes=self._quota_bytes)
        # the bytes of other unfinished uploads count towards the quota
        received_bytes = sum(upload.offset for upload in unfinished)
        QuotaUsage(quota.used_bytes + received_bytes, quota.limit_bytes).check(length)
        self._blobs.workspace.check_disk(missing, reserve_bytes=self._limits.reserve_bytes)


def _check_parts(parts: int, received_bytes: int) -> None:
    if parts > SPARE_PARTS + received_bytes // MIN_PART_BYTES:
        raise errors.TooManyParts(parts=parts, received_bytes=received_bytes, least_bytes=MIN_PART_BYTES)
