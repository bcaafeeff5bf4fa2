"""How the documents reach MongoDB, and its errors in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import mongoengine
import pymongo.errors

from gifapp import errors
from gifapp.jobs.documents import ALIAS, JobDocument, SourceDocument

_SELECTION_MS = 3_000
_SOCKET_MS = 8_000  # well under the lease: a worker whose MongoDB hangs must notice in time


@contextmanager
def reaching_mongodb() -> Iterator[None]:
    """Turn what pymongo raises when MongoDB is away into our error; also a decorator.

    Raises:
        errors.ServiceUnavailable: the write may or may not have happened.
    """
    try:
        yield
    except (
        pymongo.errors.ConnectionFailure,
        pymongo.errors.ExecutionTimeout,
        pymongo.errors.WriteConcernError,
    ) as away:
        raise errors.ServiceUnavailable(service="MongoDB") from away


def connect(mongodb_url: str) -> None:
    """Bind the documents of this process to the database that the URL names, and keep its indexes.

    Raises:
        errors.ServiceUnavailable: it does not answer; nothing is bound.
    """
    mongoengine.connect(
        host=mongodb_url,
        alias=ALIAS,
        tz_aware=True,
        uuidRepresentation="standard",
        w="majority",
        journal=True,
        serverSelectionTimeoutMS=_SELECTION_MS,
        connectTimeoutMS=_SELECTION_MS,
        socketTimeoutMS=_SOCKET_MS,
    )
    try:
        _keep_indexes()
    except errors.ServiceUnavailable:
        disconnect()
        raise


@reaching_mongodb()
def _keep_indexes() -> None:
    for document in (SourceDocument, JobDocument):
        document.ensure_indexes()


def disconnect() -> None:
    """Close this process' connections."""
    mongoengine.disconnect(ALIAS)


@reaching_mongodb()
def ping() -> None:
    """Raise errors.ServiceUnavailable unless MongoDB answers."""
    mongoengine.get_db(ALIAS).command("ping")
