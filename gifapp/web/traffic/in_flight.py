"""Tracks requests in flight, so that a stopping web process can finish them."""

from __future__ import annotations

import asyncio
import time
from weakref import WeakSet

from tornado.web import RequestHandler

CLOSE_CONNECTION = ("Connection", "close")
"""A header that makes the client open a new connection for its next request."""

_LOOK_EVERY_S = 0.02
_QUIET_S = 0.2  # another request may be on its way on an open connection


class InFlightRequests:
    """The requests in flight, without websockets, which never end.

    Attributes:
        is_stopping: whether responses carry `CLOSE_CONNECTION`.
    """

    def __init__(self) -> None:
        self._handlers: WeakSet[RequestHandler] = WeakSet()
        self.is_stopping = False

    def begin(self, handler: RequestHandler) -> None:
        if handler.request.headers.get("Upgrade", "").lower() != "websocket":
            self._handlers.add(handler)

    async def end(self, *, within_s: float) -> None:
        """Wait until all requests are answered and no more arrive, but for `within_s` at most."""
        for handler in self._handlers:
            if not handler._headers_written:
                handler.set_header(*CLOSE_CONNECTION)
        now = quiet_since = time.monotonic()
        latest = now + within_s
        while now < min(latest, quiet_since + _QUIET_S):
            await asyncio.sleep(_LOOK_EVERY_S)
            now = time.monotonic()
            if any(map(_goes_on, self._handlers)):
                quiet_since = now


def _goes_on(handler: RequestHandler) -> bool:
    connection = handler.request.connection
    is_open = connection is not None and not connection.stream.closed()  # type: ignore[attr-defined]
    return is_open and not handler._finished
