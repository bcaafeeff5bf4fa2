"""Rate limits per user: a sliding window for each kind of request, shared by all web processes."""

from __future__ import annotations

import contextlib
import math
import time
from typing import get_args

import limits
from limits.storage import RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from gifapp import errors
from gifapp.domain.rates import Rates, RequestKind
from gifapp.identity.circuit import CircuitBreaker
from gifapp.identity.throttle import network_of

_ACTIVITIES: dict[RequestKind, str] = {
    "reads": "reading",
    "writes": "making changes",
    "uploads": "uploading videos",
    "parts": "sending upload chunks",
    "submits": "submitting jobs",
    "websockets": "opening event streams",
    "pages": "opening dashboards",
    "views": "opening shared links",
}


class RequestLimits:
    """Counts requests, with one round trip each. Allows all requests while Redis is down."""

    def __init__(self, redis_url: str, rates: Rates) -> None:
        self._circuit = CircuitBreaker(redis_url)
        storage = RedisStorage("redis://", connection_pool=self._circuit.pool, key_prefix="gifapp:limits")
        self._window = SlidingWindowCounterRateLimiter(storage)
        self._rates = {kind: limits.parse(getattr(rates, kind)) for kind in get_args(RequestKind)}

    def count(self, kind: RequestKind, *, user_id: str | None, address: str) -> None:
        """Count a request towards the user's limit, or the address's if nobody is signed in.

        Raises:
            errors.RateLimited
        """
        who = f"user:{user_id}" if user_id else f"address:{network_of(address)}"
        rate = self._rates[kind]
        with contextlib.suppress(errors.ServiceUnavailable), self._circuit.guard():
            if not self._window.hit(rate, kind, who):
                resets_at = self._window.get_window_stats(rate, kind, who).reset_time
                wait_s = max(1, math.ceil(resets_at - time.time()))
                raise errors.RateLimited(
                    what=kind,
                    activity=_ACTIVITIES[kind],
                    limit=str(rate).replace("per 1 ", "per "),
                    retry_after_s=wait_s,
                )

    def close(self) -> None:
        self._circuit.close()
