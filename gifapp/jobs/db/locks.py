"""A lock in MongoDB across all machines that expires by MongoDB's clock."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from random import uniform
from typing import Any
from uuid import uuid4

from pymongo.errors import DuplicateKeyError

from gifapp import errors
from gifapp.jobs.db.documents import LONG_AGO, LockDocument
from gifapp.mongodb import reaching_mongodb

_LASTS_S = 30.0
_PATIENCE_S = 45.0  # longer than the lock of a dead holder takes to expire
_ASK_AGAIN_S = 0.03


class Turn:
    """A held lock, until it expires."""

    def __init__(self, began: float, lasts_s: float) -> None:
        self._ends = began + lasts_s

    def check(self) -> None:
        """Raises errors.ServiceUnavailable when the lock has expired: someone else may hold it."""
        if time.monotonic() > self._ends:
            raise errors.ServiceUnavailable(service="the storage")


@contextmanager
def exclusive(name: str = "storage", *, lasts_s: float = _LASTS_S) -> Iterator[Turn]:
    """Hold the lock for at most `lasts_s`.

    Raises:
        errors.ServiceUnavailable: the lock did not become free in time, or MongoDB is down.
    """
    holder = uuid4().hex
    turn = _taken(name, holder, lasts_s)
    try:
        yield turn
    finally:
        with suppress(errors.ServiceUnavailable):  # then the lock expires by itself
            _release(name, holder)


def _taken(name: str, holder: str, lasts_s: float) -> Turn:
    give_up_at = time.monotonic() + _PATIENCE_S
    while (began := time.monotonic()) < give_up_at:
        if _take(name, holder, lasts_s):
            return Turn(began, lasts_s)
        time.sleep(uniform(0.5, 1.5) * _ASK_AGAIN_S)  # noqa: S311
    raise errors.ServiceUnavailable(service="the storage")


@reaching_mongodb()
def _take(name: str, holder: str, lasts_s: float) -> bool:
    locks = _locks()
    with suppress(DuplicateKeyError):  # a concurrent process has just created the document
        locks.update_one({"_id": name}, {"$setOnInsert": {"until": LONG_AGO}}, upsert=True)
    is_free = {"_id": name, "$expr": {"$lt": ["$until", "$$NOW"]}}
    until = {"$add": ["$$NOW", int(lasts_s * 1000)]}
    return bool(locks.update_one(is_free, [{"$set": {"holder": holder, "until": until}}]).matched_count)


@reaching_mongodb()
def _release(name: str, holder: str) -> None:
    _locks().update_one({"_id": name, "holder": holder}, {"$set": {"until": LONG_AGO}})


def _locks() -> Any:
    return LockDocument._get_collection()
