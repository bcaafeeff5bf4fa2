"""Connects to Redis and translates its errors into ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from gifapp import errors


def make_pool(redis_url: str, *, timeout_s: float) -> redis.ConnectionPool:
    """A connection pool whose replies are bytes."""
    return redis.ConnectionPool.from_url(redis_url, **_options(timeout_s))


def make_client(redis_url: str, *, timeout_s: float) -> redis.Redis:
    """A client with its own connections whose replies are text; the caller closes it."""
    return redis.Redis.from_url(redis_url, decode_responses=True, **_options(timeout_s))


def _options(timeout_s: float) -> dict[str, Any]:
    return {
        "socket_timeout": timeout_s,
        "socket_connect_timeout": timeout_s,
        "retry": Retry(NoBackoff(), 1),  # once: Redis may have dropped an idle connection
    }


@contextmanager
def reaching_redis() -> Iterator[None]:
    """Raise errors.ServiceUnavailable when Redis fails; also a decorator."""
    try:
        yield
    except redis.RedisError as unavailable:
        raise errors.ServiceUnavailable(service="Redis") from unavailable
