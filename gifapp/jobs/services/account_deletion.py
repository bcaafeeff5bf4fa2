"""Deletes everything a user has stored, and rejects uploads that are still in progress.

A request that was accepted before the account closed may finish afterwards: a deletion mark, kept for a week,
makes the service reject its video.
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from gifapp import errors
from gifapp.jobs.cleanup.removal import remove_files_of, remove_unreferenced_source
from gifapp.jobs.db import job_store, saved_recipes, sources
from gifapp.jobs.db.documents import OwnerDocument, utc_now
from gifapp.jobs.events.stream import EventStream
from gifapp.mongodb import reaching_mongodb
from gifapp.storage.blobs import Blobs
from gifapp.storage.partial_uploads import PartialUploads

_log = structlog.get_logger()


@dataclass(frozen=True)
class AccountDeletion:
    blobs: Blobs
    events: EventStream

    def __call__(self, owner_id: str) -> None:
        """Remove all of an owner's jobs, videos, GIFs and saved recipes.

        Queued jobs never run, running jobs are stopped.

        If it is interrupted, call it again.
        """
        _mark(owner_id)
        PartialUploads(self.blobs).remove_all_of(owner_id)
        _remove_jobs(self.blobs, owner_id)
        _remove_sources(self.blobs, owner_id)
        _remove_jobs(self.blobs, owner_id)  # again: new jobs, submitted before their video was removed
        saved_recipes.delete_recipes_of(owner_id)
        self.events.forget(owner_id)
        _log.info("account data deleted", owner_id=owner_id)


@reaching_mongodb()
def ensure_account_open(owner_id: str) -> None:
    """Check that the account has not been deleted.

    Raises:
        errors.NotFound: it has.
    """
    if OwnerDocument.objects(id=owner_id, gone_at__exists=True).first() is not None:
        raise errors.NotFound(kind="account")


@reaching_mongodb()
def _mark(owner_id: str) -> None:
    OwnerDocument.objects(id=owner_id).update_one(upsert=True, set__gone_at=utc_now())


def _remove_jobs(blobs: Blobs, owner_id: str) -> None:
    while (removed := job_store.remove_next_of(owner_id)) is not None:
        remove_files_of(blobs, removed)


def _remove_sources(blobs: Blobs, owner_id: str) -> None:
    with blobs.store.exclusive():  # an earlier upload is removed here, a later one sees the mark
        while (removed := sources.remove_next_of(owner_id)) is not None:
            remove_unreferenced_source(blobs, removed.sha256)
