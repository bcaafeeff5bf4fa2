"""The live workers, from heartbeats sent every few seconds."""

from __future__ import annotations

from datetime import timedelta

from gifapp.jobs.db.documents import WorkerDocument, utc_now
from gifapp.mongodb import reaching_mongodb

_ALIVE = timedelta(seconds=20)  # since it was last seen


@reaching_mongodb()
def report(name: str, *, jobs: int, memory_bytes: int) -> None:
    """Record a heartbeat of the worker `name`."""
    now = utc_now()
    WorkerDocument.objects(id=name).update_one(
        upsert=True,
        set_on_insert__started_at=now,
        set__seen_at=now,
        set__jobs=jobs,
        set__memory_bytes=memory_bytes,
    )


@reaching_mongodb()
def leave(name: str) -> None:
    WorkerDocument.objects(id=name).delete()


@reaching_mongodb()
def alive() -> list[WorkerDocument]:
    """The live workers, oldest first."""
    return list(WorkerDocument.objects(seen_at__gte=utc_now() - _ALIVE).order_by("started_at"))


@reaching_mongodb()
def count_alive() -> int:
    return int(WorkerDocument.objects(seen_at__gte=utc_now() - _ALIVE).count())


@reaching_mongodb()
def remove_dead() -> None:
    WorkerDocument.objects(seen_at__lt=utc_now() - 3 * _ALIVE).delete()
