"""Pauses the whole queue: a paused queue accepts jobs and starts none."""

from __future__ import annotations

from datetime import datetime

from gifapp.jobs.db.documents import QueueDocument, utc_now
from gifapp.mongodb import reaching_mongodb

_THE_QUEUE = "queue"


@reaching_mongodb()
def paused_at() -> datetime | None:
    """When the queue was paused; None: it is not."""
    paused: datetime | None = QueueDocument.objects(id=_THE_QUEUE).scalar("paused_at").first()
    return paused


def is_paused() -> bool:
    return paused_at() is not None


@reaching_mongodb()
def pause() -> None:
    """Start no more jobs; running jobs continue."""
    if not is_paused():
        QueueDocument.objects(id=_THE_QUEUE).update_one(upsert=True, set__paused_at=utc_now())


@reaching_mongodb()
def resume() -> None:
    QueueDocument.objects(id=_THE_QUEUE).update_one(unset__paused_at=True)
