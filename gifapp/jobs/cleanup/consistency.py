"""Checks storage against the documents about once an hour, in one process at a time.

Orphans, which a process leaves when it is killed between writing a file and its document, are removed.
Files that a document refers to but storage lacks cannot be restored, and are reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

import structlog
from mongoengine import NotUniqueError

from gifapp.domain.views.administration import MissingFileView, StorageView
from gifapp.jobs.db import job_store, leases, sources
from gifapp.jobs.db.documents import HousekeepingDocument, JobDocument, MissingPart, SourceDocument, utc_now
from gifapp.jobs.timings import Timings
from gifapp.mongodb import reaching_mongodb
from gifapp.storage.blob import Blob, StoredFile, files_of_source
from gifapp.storage.blobs import Blobs

_log = structlog.get_logger()

_THE_HOUSE = "housekeeping"
_BATCH = 500
_MAX_LISTED = 100  # missing files listed in the report; the rest are only counted


@reaching_mongodb()
def last_report() -> StorageView | None:
    """The report of the last check by any process; None: none has run yet."""
    check = HousekeepingDocument.objects(id=_THE_HOUSE, finished_at__exists=True).first()
    if check is None:
        return None
    return StorageView(
        compared_at=check.finished_at,
        removed_files=check.removed_files,
        removed_bytes=check.removed_bytes,
        missing_count=check.missing_count,
        missing=tuple(
            MissingFileView(kind=part.kind, id=part.id, owner_id=part.owner) for part in check.missing
        ),
    )


@dataclass(frozen=True)
class Housekeeping:
    blobs: Blobs
    timings: Timings

    def __call__(self) -> None:
        """Run the check if it is due and no other process has started it."""
        if _take_turn(every_s=self.timings.compare_s):
            report = self.compare()
            _keep(report)
            _log_report(report)

    @reaching_mongodb()
    def compare(self) -> StorageView:
        removed = list(self._removed())
        missing = list(self._missing())
        return StorageView(
            compared_at=utc_now(),
            removed_files=len(removed),
            removed_bytes=sum(file.bytes for file in removed),
            missing_count=len(missing),
            missing=tuple(missing[:_MAX_LISTED]),
        )

    def _removed(self) -> Iterator[StoredFile]:
        """Remove orphans, and yield each as it is removed."""
        if _has_no_references():  # more likely the wrong database than a storage full of orphans
            return
        files = self.blobs.store.files(older_than_s=self.timings.orphan_s)
        while batch := list(islice(files, _BATCH)):
            yield from (file for file in _unreferenced(batch) if self._remove(file))

    def _remove(self, file: StoredFile) -> bool:
        """Remove the file unless a document now refers to it; returns whether it was removed."""
        kind, name = file.blob
        if kind in ("gif", "still"):
            # in this order: an attempt that settles in between is found by the second query
            is_needed = leases.may_settle(name) or job_store.references_gif(name)
            if not is_needed:
                self.blobs.store.remove(file.blob)
            return not is_needed
        with self.blobs.store.exclusive():
            is_needed = sources.is_referenced(name)
            if not is_needed:
                self.blobs.store.remove(file.blob)
        return not is_needed

    def _missing(self) -> Iterator[MissingFileView]:
        for source_id, owner, sha256 in SourceDocument.objects.scalar("id", "owner", "sha256"):
            for blob in files_of_source(sha256):
                # a document is removed before its files
                if not self.blobs.store.holds(blob) and SourceDocument.objects(id=source_id).first():
                    yield MissingFileView(kind=blob.kind, id=source_id, owner_id=owner)
        made = JobDocument.objects(gif__key__exists=True)
        for job_id, owner, key in made.scalar("id", "owner", "gif__key"):
            if not self.blobs.store.holds(Blob("gif", key)) and JobDocument.objects(id=job_id).first():
                yield MissingFileView(kind="gif", id=job_id, owner_id=owner)


def _has_no_references() -> bool:
    return SourceDocument.objects.first() is None and JobDocument.objects.first() is None


def _unreferenced(files: Iterable[StoredFile]) -> list[StoredFile]:
    names = [file.blob.name for file in files]
    named = sources.digests_among(names) | job_store.gifs_among(names)
    return [file for file in files if file.blob.name not in named]


@reaching_mongodb()
def _take_turn(*, every_s: float) -> bool:
    """Whether the check is due and this process is the first to claim it."""
    now = utc_now()
    due = HousekeepingDocument.objects(id=_THE_HOUSE, next_at__lte=now)
    try:
        return bool(due.update_one(upsert=True, set__next_at=now + timedelta(seconds=every_s)))
    except NotUniqueError:  # the document exists and is not due
        return False


@reaching_mongodb()
def _keep(report: StorageView) -> None:
    HousekeepingDocument.objects(id=_THE_HOUSE).update_one(
        set__finished_at=report.compared_at,
        set__removed_files=report.removed_files,
        set__removed_bytes=report.removed_bytes,
        set__missing_count=report.missing_count,
        set__missing=[
            MissingPart(kind=file.kind, id=file.id, owner=file.owner_id) for file in report.missing
        ],
    )


def _log_report(report: StorageView) -> None:
    _log.info("storage checked", removed_files=report.removed_files, removed_bytes=report.removed_bytes)
    if report.missing_count:
        first = [f"{file.kind} {file.id}" for file in report.missing[:10]]
        _log.warning("files missing from storage", count=report.missing_count, first=first)
