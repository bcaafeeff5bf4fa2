"""Limits how many jobs each user submits per hour."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from mongoengine import NotUniqueError

from gifapp import errors
from gifapp.jobs.db.documents import OwnerDocument, utc_now
from gifapp.mongodb import reaching_mongodb

_HOUR = timedelta(hours=1)


@reaching_mongodb()
def count_one(owner_id: str, *, max_per_hour: int | None) -> None:
    """Count a submission; with None, there is no limit.

    Raises:
        errors.TooManyJobs: the limit for this hour is used up.
    """
    if max_per_hour is None:
        return
    now = utc_now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    if not (_begin(owner_id, hour) or _add(owner_id, hour, max_per_hour)):
        wait_s = ceil((hour + _HOUR - now).total_seconds())
        raise errors.TooManyJobs(limit=max_per_hour, retry_after_s=wait_s)


def _begin(owner_id: str, hour: datetime) -> bool:
    """Start the hour's count at one; False: it has started. Of concurrent calls, only one succeeds."""
    earlier = OwnerDocument.objects(id=owner_id, hour__lt=hour)
    try:
        return bool(earlier.update_one(upsert=True, set__hour=hour, set__submitted=1))
    except NotUniqueError:  # the document exists and is for this hour
        return False


def _add(owner_id: str, hour: datetime, max_per_hour: int) -> bool:
    mine = OwnerDocument.objects(id=owner_id, hour=hour, submitted__lt=max_per_hour)
    return bool(mine.update_one(inc__submitted=1))
