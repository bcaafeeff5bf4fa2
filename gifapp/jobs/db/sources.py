"""The only module that writes source documents."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from gifapp import errors
from gifapp.conversion.video import Video
from gifapp.jobs.db.documents import JobDocument, SourceDocument, new_id, utc_now
from gifapp.jobs.db.paging import Order, page_of
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
    return _VIDEO.validate_python({"version": 1, **source.video})  # version 1 did not store its version


@reaching_mongodb()
def find_source(owner_id: str, source_id: str) -> SourceDocument:
    """Raises errors.NotFound unless the owner has such a source."""
    source = SourceDocument.objects(id=source_id, owner=owner_id).first()
    if source is None:
        raise errors.NotFound(kind="source")
    return source


@reaching_mongodb()
def rename_source(owner_id: str, source_id: str, name: str) -> SourceDocument:
    """Raises errors.NotFound unless the owner has such a source."""
    renamed = SourceDocument.objects(id=source_id, owner=owner_id).modify(new=True, set__name=name)
    if renamed is None:
        raise errors.NotFound(kind="source")
    return renamed


@reaching_mongodb()
def exists(owner_id: str, source_id: str) -> bool:
    """Whether the owner has such a source."""
    return SourceDocument.objects(id=source_id, owner=owner_id).first() is not None


@reaching_mongodb()
def use_source(owner_id: str, source_id: str) -> SourceDocument:
    """Mark the source as used now, so that no sweep removes it, and return it.

    Raises:
        errors.NotFound
    """
    used = SourceDocument.objects(id=source_id, owner=owner_id).modify(new=True, set__used_at=utc_now())
    if used is None:
        raise errors.NotFound(kind="source")
    return used


@reaching_mongodb()
def source_page(owner_id: str, *, cursor: str | None, limit: int) -> tuple[list[SourceDocument], str | None]:
    """A page of sources, newest first, and the cursor of the next page, if any.

    Raises:
        errors.FieldInvalid: the cursor is not one that a page returned.
    """
    return page_of(SourceDocument.objects(owner=owner_id), Order("created_at"), cursor=cursor, limit=limit)


@reaching_mongodb()
def sources_by_id(owner_id: str, ids: Iterable[str]) -> dict[str, Any]:
    """The owner's sources with these ids; missing ones are omitted."""
    # not in_bulk(), which ignores the owner
    return {source.id: source for source in SourceDocument.objects(owner=owner_id, id__in=list(ids))}


@reaching_mongodb()
def delete_source(owner_id: str, source_id: str) -> None:
    """Hide a source until it is restored or purged.

    Raises:
        errors.NotFound
    """
    mine = SourceDocument.objects(id=source_id, owner=owner_id)
    if not mine.update_one(set__deleted_at=utc_now()):
        raise errors.NotFound(kind="source")


@reaching_mongodb()
def restore_source(owner_id: str, source_id: str) -> SourceDocument:
    """Undo the deletion of a source; a source that is not deleted is returned as it is.

    Raises:
        errors.NotFound: no such source, or it was purged.
    """
    deleted = SourceDocument.with_deleted(id=source_id, owner=owner_id)
    restored = deleted.modify(new=True, unset__deleted_at=True, set__used_at=utc_now())
    if restored is None:
        raise errors.NotFound(kind="source")
    return restored


@reaching_mongodb()
def deleted_sources(before: datetime, *, limit: int) -> list[str]:
    """The ids of sources that were deleted before this time."""
    return list(SourceDocument.with_deleted(deleted_at__lt=before).limit(limit).scalar("id"))


@reaching_mongodb()
def purge_source(source_id: str, before: datetime) -> SourceDocument | None:
    """Remove a source of `deleted_sources()`; None: it was restored, or another process was first."""
    deleted = SourceDocument.with_deleted(id=source_id, deleted_at__lt=before)
    removed: SourceDocument | None = deleted.modify(remove=True)
    return removed


@reaching_mongodb()
def remove_next_of(owner_id: str) -> SourceDocument | None:
    """Remove one of the owner's sources, deleted or not, and return it; None: there are none."""
    removed: SourceDocument | None = SourceDocument.with_deleted(owner=owner_id).modify(remove=True)
    return removed


@reaching_mongodb()
def is_referenced(sha256: str) -> bool:
    """Whether a source of any owner, deleted or not, has these bytes."""
    return SourceDocument.with_deleted(sha256=sha256).limit(1).count(with_limit_and_skip=True) > 0


@reaching_mongodb()
def expired_sources(before: datetime, *, limit: int) -> list[str]:
    """The ids of sources that have no job in any state and were not used since `before`."""
    jobs = JobDocument._get_collection_name()
    one_of_it = [{"$match": {"$expr": {"$eq": ["$source", "$$id"]}}}, {"$limit": 1}, {"$project": {"_id": 1}}]
    unused = [
        {"$match": {"used_at": {"$lt": before}}},
        {"$lookup": {"from": jobs, "let": {"id": "$_id"}, "pipeline": one_of_it, "as": "jobs"}},
        {"$match": {"jobs": []}},
        {"$limit": limit},
        {"$project": {"_id": 1}},
    ]
    return [row["_id"] for row in SourceDocument.objects.aggregate(unused)]


@reaching_mongodb()
def remove_expired(source_id: str, before: datetime) -> SourceDocument | None:
    """Remove a source of `expired_sources()`; None: it was used meanwhile, or another process was first."""
    removed: SourceDocument | None = SourceDocument.objects(id=source_id, used_at__lt=before).modify(
        remove=True
    )
    return removed


@reaching_mongodb()
def digests_among(digests: list[str]) -> set[str]:
    """The digests that some source, deleted or not, has."""
    return set(SourceDocument.with_deleted(sha256__in=digests).distinct("sha256"))
