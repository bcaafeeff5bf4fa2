"""How many bytes each user stores, summed over the documents."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from gifapp.domain.limits import QuotaUsage
from gifapp.jobs.db.documents import LONG_AGO, JobDocument, OwnerDocument, SourceDocument
from gifapp.mongodb import reaching_mongodb


@reaching_mongodb()
def quota_usage(owner_id: str, *, limit_bytes: int | None) -> QuotaUsage:
    """The size of the owner's videos and GIFs, deleted ones too until they are purged, and their quota.

    `limit_bytes` is everybody's quota, for owners without one of their own. Every copy of a video counts.
    """
    videos = SourceDocument.with_deleted(owner=owner_id).sum("bytes")
    gifs = JobDocument.with_deleted(owner=owner_id).sum("gif.bytes")
    return QuotaUsage(int(videos + gifs), _quota_of(owner_id, limit_bytes))


def check_quota(owner_id: str, more_bytes: int, *, limit_bytes: int | None) -> None:
    """Check that `more_bytes` fit the quota; without a limit, nothing is summed.

    Raises:
        errors.QuotaExceeded
    """
    if _quota_of(owner_id, limit_bytes) is not None:
        quota_usage(owner_id, limit_bytes=limit_bytes).check(more_bytes)


@reaching_mongodb()
def own_quotas(owner_ids: Collection[str]) -> dict[str, int]:
    """The quotas that administrators set for single owners; the others are omitted."""
    owners = OwnerDocument.objects(id__in=list(owner_ids), quota_bytes__exists=True)
    return {owner.id: owner.quota_bytes for owner in owners}


@reaching_mongodb()
def set_quota(owner_id: str, quota_bytes: int | None) -> None:
    """Give an owner a quota of their own, or everybody's again (None)."""
    change = {"unset__quota_bytes": True} if quota_bytes is None else {"set__quota_bytes": quota_bytes}
    new = {
        "set_on_insert__served_at": LONG_AGO,
        "set_on_insert__hour": LONG_AGO,
        "set_on_insert__submitted": 0,
    }
    OwnerDocument.objects(id=owner_id).update_one(upsert=True, **change, **new)


def _quota_of(owner_id: str, everybodys: int | None) -> int | None:
    return own_quotas([owner_id]).get(owner_id, everybodys)


@reaching_mongodb()
def stored_by(owner_ids: Collection[str]) -> dict[str, int]:
    """Bytes stored per owner; owners with nothing are omitted."""
    total: dict[str, int] = {}
    for documents, size in ((SourceDocument, "$bytes"), (JobDocument, "$gif.bytes")):
        of_owners = {"$match": {"owner": {"$in": list(owner_ids)}}}
        rows: Any = documents.with_deleted.aggregate(
            [of_owners, {"$group": {"_id": "$owner", "bytes": {"$sum": size}}}]
        )
        for row in rows:
            total[row["_id"]] = total.get(row["_id"], 0) + int(row["bytes"])
    return total
