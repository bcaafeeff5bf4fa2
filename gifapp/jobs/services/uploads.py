"""Resumable uploads as their owners see them: started, continued, turned into a source, cancelled.

All of it blocks; run it in a thread. What belongs to somebody else is not found.
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

MOST_UNFINISHED = 100  # of one person: each is a directory, however little came in
SPARE_PARTS = 10_000  # of one upload, however little they bring: a bad line breaks many
LEAST_PART_BYTES = 256  # in the mean beyond these; no client sends so few on purpose


class UploadStatus(NamedTuple):
    """Get the offset of an upload; it goes at `expires_at` unless another byte comes."""

    id: str
    facts: UploadMetadata
    offset: int
    expires_at: datetime

    @property
    def awaits_source(self) -> bool:
        """All has come in, and yet it is no source."""
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
        self._kept = timedelta(seconds=timings.upload_s)

    def create(self, owner_id: str, length_bytes: int, name: str, metadata: str = "") -> UploadStatus:
        """Begin an upload of so many bytes, if there is room for them.

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
            return self.standing(self._partial.create(facts))

    def _check_may_begin(self, owner_id: str, length_bytes: int) -> None:
        others = self._partial.unfinished(owner_id)
        if len(others) >= MOST_UNFINISHED:
            goes_at = min(self.standing(other).expires_at for other in others)
            wait_s = max(1, ceil((goes_at - utc_now()).total_seconds()))
            raise errors.TooManyUploads(limit=MOST_UNFINISHED, retry_after_s=wait_s)
        self._check_room(owner_id, length_bytes, length_bytes, others)

    def find(self, owner_id: str, upload_id: str) -> UploadStatus:
        """Raises errors.NotFound unless they have such an upload."""
        return self.standing(self._partial.find(owner_id, upload_id))

    def standing(self, upload: PartialUpload) -> UploadStatus:
        return UploadStatus(upload.id, upload.facts, upload.offset, upload.touched_at + self._kept)

    @contextmanager
    def resume(
        self, owner_id: str, upload_id: str, offset: int, more_bytes: int, checksum: Checksum | None
    ) -> Iterator[Writer]:
        """Let `more_bytes`, as far as it is known, come in from `offset` on. Nobody else may meanwhile.

        Raises:
            errors.NotFound, errors.UploadLocked, errors.UploadOffsetWrong
            errors.BodyTooLarge: so many are not missing.
            errors.TooManyParts: too many requests brought too few bytes.
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
                self._check_room(owner_id, upload.facts.length_bytes, missing, self._others(upload))
                upload.append(offset, checksum)
            yield upload

    def add_source(self, upload: Writer) -> None:
        """Make a source of what is complete; nothing is to do when it is one. A refused video is removed.

        The source has the upload's id: a process that is killed before it has noted so leaves no second one.

        Raises:
            errors.SourceRefused
            errors.QuotaExceeded, errors.DiskFull, errors.ServiceUnavailable: it stays, to be tried again.
        """
        if upload.facts.source_id is not None:
            return
        if not sources.is_there(upload.facts.owner_id, upload.id):
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
        """Make a source of what is complete and was left: its process was killed, or a server was away.

        Raises:
            errors.NotFound, errors.UploadLocked; and as `add_source`.
        """
        with self._hold(owner_id, upload_id) as upload:
            if upload.is_complete:
                self.add_source(upload)
            return self.standing(upload)

    def remove(self, owner_id: str, upload_id: str) -> None:
        """Raises errors.NotFound, errors.UploadLocked."""
        with self._hold(owner_id, upload_id) as upload:
            upload.remove()

    def _hold(self, owner_id: str, upload_id: str) -> Writer:
        found = self._partial.find(owner_id, upload_id)
        return Writer(found.directory, found.facts)

    def _others(self, upload: PartialUpload) -> list[PartialUpload]:
        return [one for one in self._partial.unfinished(upload.facts.owner_id) if one.id != upload.id]

    def _check_room(self, owner_id: str, length: int, missing: int, others: list[PartialUpload]) -> None:
        if length > self._limits.max_upload_bytes:
            raise errors.SourceTooLarge(limit_bytes=self._limits.max_upload_bytes)
        room = usage.room_of(owner_id, limit_bytes=self._quota_bytes)
        # what lies in other uploads is on the disk as well
        came_bytes = sum(other.offset for other in others)
        QuotaUsage(room.used_bytes + came_bytes, room.limit_bytes).check(length)
        self._blobs.workspace.check_disk(missing, reserve_bytes=self._limits.reserve_bytes)


def _check_parts(parts: int, received_bytes: int) -> None:
    if parts > SPARE_PARTS + received_bytes // LEAST_PART_BYTES:
        raise errors.TooManyParts(parts=parts, received_bytes=received_bytes, least_bytes=LEAST_PART_BYTES)
