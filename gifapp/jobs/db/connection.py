"""The MongoDB connection for the job documents."""

from __future__ import annotations

import mongoengine

from gifapp import errors
from gifapp.jobs.db.documents import (
    ALIAS,
    HousekeepingDocument,
    JobDocument,
    OwnerDocument,
    QueueDocument,
    SavedRecipeDocument,
    ShareDocument,
    SourceDocument,
    WorkerDocument,
)
from gifapp.jobs.db.migrations import migrate
from gifapp.mongodb import bind, reaching_mongodb


def connect(mongodb_url: str) -> None:
    """Bind this process's documents to the database in the URL; run migrations and create indexes.

    Raises:
        errors.ServiceUnavailable, errors.DataTooNew: nothing is bound.
    """
    bind(ALIAS, mongodb_url)
    try:
        migrate(mongoengine.get_db(ALIAS))
        _keep_indexes()
    except errors.GifappError:
        disconnect()
        raise


@reaching_mongodb()
def _keep_indexes() -> None:
    for document in (
        SourceDocument,
        JobDocument,
        OwnerDocument,
        QueueDocument,
        HousekeepingDocument,
        ShareDocument,
        SavedRecipeDocument,
        WorkerDocument,
    ):
        document.ensure_indexes()


def disconnect() -> None:
    """Close this process's connections."""
    mongoengine.disconnect(ALIAS)


@reaching_mongodb()
def ping() -> None:
    """Raise errors.ServiceUnavailable unless MongoDB responds."""
    mongoengine.get_db(ALIAS).command("ping")
