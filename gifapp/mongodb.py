"""Binds documents to MongoDB and translates its errors into ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import mongoengine
import pymongo.errors

from gifapp import errors

MAX_PAGE_BYTES = 1_000_000
_BATCH = 20  # documents that MongoDB sends at once
_SELECTION_MS = 3_000
_AUTHENTICATION_FAILED = 18  # MongoDB's code
_SOCKET_MS = 8_000  # a hanging MongoDB must not block our threads; well below a job's lease


def bind(alias: str, mongodb_url: str) -> None:
    """Bind this process's documents of `alias` to the database at the URL."""
    mongoengine.connect(
        host=mongodb_url,
        alias=alias,
        tz_aware=True,
        uuidRepresentation="standard",
        w="majority",
        journal=True,
        serverSelectionTimeoutMS=_SELECTION_MS,
        connectTimeoutMS=_SELECTION_MS,
        socketTimeoutMS=_SOCKET_MS,
    )


def read_page(query: Any, limit: int, size_of: Callable[[Any], int] = lambda _: 0) -> tuple[list[Any], bool]:
    """The first `limit` documents of a query, fewer if they are large, and whether there are more.

    A page ends with the document that makes it larger than `MAX_PAGE_BYTES`, by `size_of`.
    """
    page: list[Any] = []
    left_bytes = MAX_PAGE_BYTES
    for document in query.limit(limit + 1).batch_size(_BATCH).no_cache():
        if len(page) == limit or left_bytes < 0:
            return page, True
        page.append(document)
        left_bytes -= size_of(document)
    return page, False


def in_milliseconds(time: datetime) -> datetime:
    """The time truncated to milliseconds, so that MongoDB returns exactly what was written."""
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


@contextmanager
def reaching_mongodb() -> Iterator[None]:
    """Translate pymongo's errors while MongoDB is unavailable; also a decorator.

    Raises:
        errors.ServiceUnavailable: a write may or may not have happened.
        errors.ServiceRefused: MongoDB rejected our user or password.
    """
    try:
        yield
    except (
        pymongo.errors.ConnectionFailure,
        pymongo.errors.ExecutionTimeout,
        pymongo.errors.WriteConcernError,
    ) as unavailable:
        raise errors.ServiceUnavailable(service="MongoDB") from unavailable
    except pymongo.errors.OperationFailure as refused:
        if refused.code != _AUTHENTICATION_FAILED:
            raise
        raise errors.ServiceRefused(service="MongoDB", setting="GIFAPP_MONGODB_URL") from refused
