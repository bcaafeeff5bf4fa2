"""The only writer of source documents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter

from gifapp import errors
from gifapp.conversion.video import Video
from gifapp.jobs.documents import SourceDocument, utc_now
from gifapp.mongodb import reaching_mongodb

_VIDEO: TypeAdapter[Video] = TypeAdapter(Video)


@reaching_mongodb()
def add_source(owner_id: str, *, name: str, size_bytes: int, sha256: str, video: Video) -> SourceDocument:
    document = SourceDocument(
        owner=owner_id,
        name=name,
        bytes=size_bytes,
        sha256=sha256,
        video=_VIDEO.dump_python(video, mode="json"),
        created_at=utc_now(),
    )
    document.save(force_insert=True)
    return document


def video_of(source: SourceDocument) -> Video:
    """What the probe found when the source was added."""
    return _VIDEO.validate_python(source.video)


@reaching_mongodb()
def find_source(owner_id: str, source_id: str) -> SourceDocument:
    """Raises errors.NotFound unless the owner has such a source."""
    found = SourceDocument.objects(id=source_id, owner=owner_id).first()
    if found is None:
        raise errors.NotFound(kind="source")
    return found


@reaching_mongodb()
def sources_of(owner_id: str) -> list[SourceDocument]:
    """Newest first."""
    return list(SourceDocument.objects(owner=owner_id).order_by("-created_at", "-id"))


@reaching_mongodb()
def sources_by_id(owner_id: str, ids: Iterable[str]) -> dict[str, Any]:
    """Those of the owner's that are still there."""
    found: dict[str, Any] = SourceDocument.objects(owner=owner_id).in_bulk(list(ids))
    return found


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
