"""A circuit breaker for Redis: after a failure, requests fail at once instead of waiting."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import redis

from gifapp import errors
from gifapp.redis_client import make_pool

PATIENCE_S = 0.25
REST_S = 2.0


class CircuitBreaker:
    """This process's connections to Redis; after a failure, none are used for `REST_S`."""

    def __init__(self, redis_url: str) -> None:
        self.pool = make_pool(redis_url, timeout_s=PATIENCE_S)
        self._rests_until = 0.0

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Wrap an access to Redis.

        Raises:
            errors.ServiceUnavailable: Redis is down, or was within the last `REST_S`.
        """
        if time.monotonic() < self._rests_until:
            raise errors.ServiceUnavailable(service="Redis")
        try:
            yield
        except redis.RedisError as unavailable:
            self._rests_until = time.monotonic() + REST_S
            raise errors.ServiceUnavailable(service="Redis") from unavailable

    def close(self) -> None:
        self.pool.disconnect()
