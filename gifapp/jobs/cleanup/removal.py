"""Removes files that no document refers to any more."""

from __future__ import annotations

from gifapp.jobs.db import job_store, leases, shares, sources
from gifapp.jobs.db.documents import JobDocument
from gifapp.storage.blobs import Blobs


def remove_files_of(blobs: Blobs, removed: JobDocument) -> None:
    """Remove a deleted job's share links, and its files unless another job refers to them."""
    shares.remove_shares_of(removed.id)
    for key in {leases.attempt_of(removed).key} | ({removed.gif.key} if removed.gif else set()):
        if not job_store.references_gif(key):
            blobs.remove_attempt(key)


def remove_unreferenced_source(blobs: Blobs, sha256: str) -> None:
    """Remove a video unless a source refers to it. Call only within `blobs.store.exclusive()`."""
    if not sources.is_referenced(sha256):
        blobs.remove_source(sha256)
