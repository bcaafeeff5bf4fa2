"""How much one person stores, counted from the documents."""

from __future__ import annotations

from gifapp.domain.limits import Room
from gifapp.jobs.documents import JobDocument, SourceDocument
from gifapp.mongodb import reaching_mongodb


@reaching_mongodb()
def room_of(owner_id: str, *, limit_bytes: int | None) -> Room:
    """What their videos and GIFs take; equal videos of theirs count each."""
    videos = SourceDocument.objects(owner=owner_id).sum("bytes")
    gifs = JobDocument.objects(owner=owner_id).sum("gif.bytes")
    return Room(int(videos + gifs), limit_bytes)
