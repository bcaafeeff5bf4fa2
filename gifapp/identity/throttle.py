"""How often one may try: sliding windows in Redis, shared by every web process."""

from __future__ import annotations

import hashlib
import ipaddress
import math
import time
from dataclasses import dataclass

import limits
import redis
from limits.storage import RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from gifapp import errors

_PATIENCE_S = 2.0


@dataclass(frozen=True)
class Rates:
    """How often, in the notation of the `limits` package."""

    login_by_address: str = "30/minute"
    login_by_account: str = "10/5 minutes"
    register_by_address: str = "30/hour"


class Throttle:
    """Counts attempts; refuses them all while Redis is away."""

    def __init__(self, redis_url: str, rates: Rates) -> None:
        pool = redis.ConnectionPool.from_url(
            redis_url, socket_timeout=_PATIENCE_S, socket_connect_timeout=_PATIENCE_S
        )
        self._redis = redis.Redis(connection_pool=pool)
        storage = RedisStorage("redis://", connection_pool=pool, key_prefix="gifapp:limits")
        self._window = SlidingWindowCounterRateLimiter(storage)
        self._login_by_address = limits.parse(rates.login_by_address)
        self._login_by_account = limits.parse(rates.login_by_account)
        self._register_by_address = limits.parse(rates.register_by_address)

    def login(self, email: str, address: str) -> None:
        """Count one attempt at a password.

        Raises:
            errors.TooManyRequests, errors.ServiceUnavailable
        """
        self._count(self._login_by_address, "login", _network(address))
        self._count(self._login_by_account, "login", _hashed(email))

    def login_succeeded(self, email: str) -> None:
        """Whoever knows the password starts afresh."""
        try:
            self._window.clear(self._login_by_account, "login", _hashed(email))
        except redis.RedisError as away:
            raise errors.ServiceUnavailable(service="Redis") from away

    def register(self, address: str) -> None:
        """Count one attempt to make an account.

        Raises:
            errors.TooManyRequests, errors.ServiceUnavailable
        """
        self._count(self._register_by_address, "register", _network(address))

    def close(self) -> None:
        self._redis.close()

    def _count(self, rate: limits.RateLimitItem, *names: str) -> None:
        try:
            if self._window.hit(rate, *names):
                return
            resets_at = self._window.get_window_stats(rate, *names).reset_time
        except redis.RedisError as away:
            raise errors.ServiceUnavailable(service="Redis") from away
        raise errors.TooManyRequests(retry_after_s=max(1, math.ceil(resets_at - time.time())))


def _network(address: str) -> str:
    """The address, or for IPv6 the /64 that one customer has."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:  # a Unix socket has none
        return "local"
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def _hashed(email: str) -> str:
    return hashlib.sha256(email.encode()).hexdigest()
