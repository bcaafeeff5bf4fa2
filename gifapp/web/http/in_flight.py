"""Counts requests in flight, so that a stopping web tier can finish them."""

from __future__ import annotations

import asyncio
import time
from weakref import WeakSet

from tornado.web import RequestHandler

GO_ELSEWHERE = ("Connection", "close")
"""A header: the client takes another connection next time."""

_LOOK_EVERY_S = 0.02
_QUIET_S = 0.2  # on a connection that is open, a request may be on its way


class InFlightRequests:
    """The requests that have begun and not ended; websockets never end and are none of them.

    Attributes:
        is_stopping: whether answers carry `GO_ELSEWHERE`.
    """

    def __init__(self) -> None:
        self._handlers: WeakSet[RequestHandler] = WeakSet()
        self.is_stopping = False

    def begin(self, handler: RequestHandler) -> None:
        if handler.request.headers.get("Upgrade", "").lower() != "websocket":
            self._handlers.add(handler)

    async def end(self, *, within_s: float) -> None:
        """Return once all have been answered and no more come, or they are taking too long."""
        for handler in self._handlers:
            if not handler._headers_written:
                handler.set_header(*GO_ELSEWHERE)
        now = quiet_since = time.monotonic()
        latest = now + within_s
        while now < min(latest, quiet_since + _QUIET_S):
            await asyncio.sleep(_LOOK_EVERY_S)
            now = time.monotonic()
            if any(map(_goes_on, self._handlers)):
                quiet_since = now


def _goes_on(handler: RequestHandler) -> bool:
    connection = handler.request.connection
    is_there = connection is not None and not connection.stream.closed()  # type: ignore[attr-defined]
    return is_there and not handler._finished
