"""A circuit breaker for Redis: while it is unreachable, nobody waits for it twice."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from gifapp import errors

PATIENCE_S = 0.25
REST_S = 2.0


class CircuitBreaker:
    """The connections of one process; after a failure nothing is asked for `REST_S`."""

    def __init__(self, redis_url: str) -> None:
        self.pool = redis.ConnectionPool.from_url(
            redis_url,
            socket_timeout=PATIENCE_S,
            socket_connect_timeout=PATIENCE_S,
            retry=Retry(NoBackoff(), 1),  # a connection that Redis dropped while it was idle
        )
        self._rests_until = 0.0

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Around a question to Redis.

        Raises:
            errors.ServiceUnavailable: it is away, or was a moment ago.
        """
        if time.monotonic() < self._rests_until:
            raise errors.ServiceUnavailable(service="Redis")
        try:
            yield
        except redis.RedisError as away:
            self._rests_until = time.monotonic() + REST_S
            raise errors.ServiceUnavailable(service="Redis") from away

    def close(self) -> None:
        self.pool.disconnect()
