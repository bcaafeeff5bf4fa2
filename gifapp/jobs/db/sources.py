"""The only module that writes source documents."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from gifapp import errors
from gifapp.conversion.video import Video
from gifapp.jobs.db.documents import JobDocument, SourceDocument, new_id, utc_now
from gifapp.jobs.db.paging import newest_first
from gifapp.mongodb import reaching_mongodb

_VIDEO: TypeAdapter[Video] = TypeAdapter(Video)


@reaching_mongodb()
def add_source(
    owner_id: str, *, name: str, size_bytes: int, sha256: str, video: Video, source_id: str | None = None
) -> SourceDocument:
    now = utc_now()
    document = SourceDocument(
        id=source_id or new_id(),
        owner=owner_id,
        name=name,
        bytes=size_bytes,
        sha256=sha256,
        video=_VIDEO.dump_python(video, mode="json"),
        created_at=now,
        used_at=now,
    )
    document.save(force_insert=True)
    return document


def video_of(source: SourceDocument) -> Video:
    """What the probe found when the source was added."""
    return _VIDEO.validate_python({"version": 1, **source.video})  # the first probe did not tell its own


@reaching_mongodb()
def find_source(owner_id: str, source_id: str) -> SourceDocument:
    """Raises errors.NotFound unless the owner has such a source."""
    found = SourceDocument.objects(id=source_id, owner=owner_id).first()
    if found is None:
        raise errors.NotFound(kind="source")
    return found


@reaching_mongodb()
def is_there(owner_id: str, source_id: str) -> bool:
    """Whether the owner has such a source."""
    return SourceDocument.objects(id=source_id, owner=owner_id).first() is not None


@reaching_mongodb()
def use_source(owner_id: str, source_id: str) -> SourceDocument:
    """The source, which from now on no sweep takes for unused: before anything is asked of it.

    Raises:
        errors.NotFound
    """
    used = SourceDocument.objects(id=source_id, owner=owner_id).modify(new=True, set__used_at=utc_now())
    if used is None:
        raise errors.NotFound(kind="source")
    return used


@reaching_mongodb()
def sources_of(owner_id: str) -> list[SourceDocument]:
    """Newest first."""
    return list(SourceDocument.objects(owner=owner_id).order_by("-created_at", "-id"))


@reaching_mongodb()
def source_page(owner_id: str, *, cursor: str | None, limit: int) -> tuple[list[SourceDocument], str | None]:
    """Newest first, and the cursor to the next page, if there is one.

    Raises:
        errors.FieldInvalid: the cursor is none that a page gave.
    """
    return newest_first(SourceDocument.objects(owner=owner_id), by="created_at", cursor=cursor, limit=limit)


@reaching_mongodb()
def sources_by_id(owner_id: str, ids: Iterable[str]) -> dict[str, Any]:
    """Those of the owner's that are still there."""
    # not in_bulk(), which looks at the ids alone
    return {found.id: found for found in SourceDocument.objects(owner=owner_id, id__in=list(ids))}


@reaching_mongodb()
def remove_source(owner_id: str, source_id: str) -> SourceDocument:
    """Raises errors.NotFound unless the owner had such a source."""
    removed = SourceDocument.objects(id=source_id, owner=owner_id).modify(remove=True)
    if removed is None:
        raise errors.NotFound(kind="source")
    return removed


@reaching_mongodb()
def is_named(sha256: str) -> bool:
    """Whether any source, of whomever, has these bytes."""
    return SourceDocument.objects(sha256=sha256).limit(1).count(with_limit_and_skip=True) > 0


@reaching_mongodb()
def expired_sources(before: datetime, *, limit: int) -> list[str]:
    """The ids of sources not used since `before` that no job names, in whatever state."""
    jobs = JobDocument._get_collection_name()
    one_of_it = [{"$match": {"$expr": {"$eq": ["$source", "$$id"]}}}, {"$limit": 1}, {"$project": {"_id": 1}}]
    unused = [
        {"$match": {"used_at": {"$lt": before}}},
        {"$lookup": {"from": jobs, "let": {"id": "$_id"}, "pipeline": one_of_it, "as": "jobs"}},
        {"$match": {"jobs": []}},
        {"$limit": limit},
        {"$project": {"_id": 1}},
    ]
    return [found["_id"] for found in SourceDocument.objects.aggregate(unused)]


@reaching_mongodb()
def remove_expired(source_id: str, before: datetime) -> SourceDocument | None:
    """The source of `expired_sources()` that is no more; None: somebody turned to it, or was first."""
    removed: SourceDocument | None = SourceDocument.objects(id=source_id, used_at__lt=before).modify(
        remove=True
    )
    return removed


@reaching_mongodb()
def digests_among(digests: list[str]) -> set[str]:
    """Those whose bytes a source has."""
    return set(SourceDocument.objects(sha256__in=digests).distinct("sha256"))
