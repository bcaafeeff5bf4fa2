"""Counts how many jobs each person submits per hour."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from mongoengine import NotUniqueError

from gifapp import errors
from gifapp.jobs.db.documents import OwnerDocument, utc_now
from gifapp.mongodb import reaching_mongodb

_HOUR = timedelta(hours=1)


@reaching_mongodb()
def count_one(owner_id: str, *, most_per_hour: int | None) -> None:
    """One more submission; None is no bound.

    Raises:
        errors.TooManyJobs: there were so many within this hour.
    """
    if most_per_hour is None:
        return
    now = utc_now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    if not (_begin(owner_id, hour) or _add(owner_id, hour, most_per_hour)):
        wait_s = ceil((hour + _HOUR - now).total_seconds())
        raise errors.TooManyJobs(limit=most_per_hour, retry_after_s=wait_s)


def _begin(owner_id: str, hour: datetime) -> bool:
    """Whether this is the first one of the hour; of several at the same time one is."""
    earlier = OwnerDocument.objects(id=owner_id, hour__lt=hour)
    try:
        return bool(earlier.update_one(upsert=True, set__hour=hour, set__submitted=1))
    except NotUniqueError:  # the document is there, and of this hour
        return False


def _add(owner_id: str, hour: datetime, most: int) -> bool:
    mine = OwnerDocument.objects(id=owner_id, hour=hour, submitted__lt=most)
    return bool(mine.update_one(inc__submitted=1))
