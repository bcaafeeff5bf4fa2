"""Wake-ups for workers: a Huey message that carries only a job's id.

Huey pops a message before it runs it, so a message guarantees nothing; the job document says whether
there is work. For the same reason we use none of Huey's retries, results, locks and periodic tasks:
they live in Redis and would be lost with it. The sweep therefore runs in a thread of every worker and web
server: a Huey task would wait behind conversions, and could not repair the loss of Redis.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import redis
import structlog
from huey import PriorityRedisHuey
from huey.serializer import SignedSerializer

from gifapp.redis_client import make_pool

_log = structlog.get_logger()

_NAME = "gifapp"
_PATIENCE_S = 3.0


def make_queue(redis_url: str, secret: bytes) -> Any:
    """The Huey instance that web and workers share; messages are signed, because Huey unpickles them."""
    return PriorityRedisHuey(
        _NAME,
        results=False,
        serializer=SignedSerializer(secret=secret, salt="gifapp.jobs"),
        connection_pool=make_pool(redis_url, timeout_s=_PATIENCE_S),
        read_timeout=1,
    )


class WakeupQueue:
    """Wakes a worker for a job; best effort, since the sweep sends lost wake-ups again.

    Attributes:
        on_wakeup: called by this process's consumer, if it runs one, with a job's id.
    """

    def __init__(self, huey: Any) -> None:
        self.huey = huey
        self.on_wakeup: Callable[[str], None] = _refuse

        def convert(job_id: str) -> None:
            self.on_wakeup(job_id)

        self._convert = huey.task(retries=0)(convert)

    def notify(self, job_id: str, *, priority: int) -> None:
        """Enqueue a wake-up; while Redis is down, only log that it was lost."""
        try:
            self.huey.enqueue(self._convert.s(job_id, priority=priority))
        except redis.RedisError as unavailable:
            _log.warning("wake-up not sent", job_id=job_id, reason=str(unavailable))

    def waiting(self) -> int | None:
        """The number of messages not yet consumed; None while Redis is down."""
        try:
            return int(self.huey.storage.queue_size())
        except redis.RedisError as unavailable:
            _log.warning("wake-ups not counted", reason=str(unavailable))
            return None

    def close(self) -> None:
        self.huey.storage.pool.disconnect()


def _refuse(job_id: str) -> None:
    raise RuntimeError(f"job {job_id} reached a process that is not a worker")
