"""Rate-limits password attempts and registrations, counted in Redis for all web processes."""

from __future__ import annotations

import hashlib
import ipaddress
import math
import time

import limits
import redis
from limits.storage import RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from gifapp import errors
from gifapp.domain.rates import Rates
from gifapp.identity.circuit import CircuitBreaker
from gifapp.identity.login_backoff import LoginBackoff

__all__ = ["Rates", "Throttle", "network_of"]


class Throttle:
    """Counts attempts; rejects all of them while Redis is down."""

    def __init__(self, redis_url: str, rates: Rates) -> None:
        self._circuit = CircuitBreaker(redis_url)
        storage = RedisStorage("redis://", connection_pool=self._circuit.pool, key_prefix="gifapp:limits")
        self._window = SlidingWindowCounterRateLimiter(storage)
        self._login_backoff = LoginBackoff(redis.Redis(connection_pool=self._circuit.pool))
        self._login_by_address = limits.parse(rates.login_by_address)
        self._login_by_account = limits.parse(rates.login_by_account)
        self._register_by_address = limits.parse(rates.register_by_address)

    def login(self, email: str, address: str) -> None:
        """Count a password attempt.

        Raises:
            errors.TooManyRequests, errors.ServiceUnavailable
        """
        account, network = _hashed(email), network_of(address)
        self._count(self._login_by_address, "login", network)
        with self._circuit.guard():
            is_known, wait_s = self._login_backoff.begin(account, network)
        if wait_s:
            raise errors.SignInSlowed(retry_after_s=wait_s)
        self._count(self._login_by_account, "login", *_counted(account, network, is_known))

    def login_succeeded(self, email: str, address: str) -> None:
        """Reset the account's counters after a correct password."""
        account, network = _hashed(email), network_of(address)
        with self._circuit.guard():
            self._login_backoff.succeeded(account, network)
            for is_known in (True, False):
                names = _counted(account, network, is_known)
                self._window.clear(self._login_by_account, "login", *names)

    def register(self, address: str) -> None:
        """Count an attempt to register or to use a reset link.

        Raises:
            errors.TooManyRequests, errors.ServiceUnavailable
        """
        self._count(self._register_by_address, "register", network_of(address))

    def close(self) -> None:
        self._circuit.close()

    def _count(self, rate: limits.RateLimitItem, *names: str) -> None:
        with self._circuit.guard():
            if self._window.hit(rate, *names):
                return
            resets_at = self._window.get_window_stats(rate, *names).reset_time
        raise errors.TooManyRequests(retry_after_s=max(1, math.ceil(resets_at - time.time())))


def network_of(address: str) -> str:
    """The address, or for IPv6 its /64, which one customer usually has."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:  # a Unix socket has no address
        return "local"
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def _counted(account: str, network: str, is_known: bool) -> tuple[str, ...]:
    """The key under which an attempt counts; known networks are counted separately from all others."""
    return (account, network) if is_known else (account,)


def _hashed(email: str) -> str:
    return hashlib.sha256(email.encode()).hexdigest()
