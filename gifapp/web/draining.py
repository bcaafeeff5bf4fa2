"""Which requests are being answered: a web tier that stops lets them end."""

from __future__ import annotations

import asyncio
import time
from weakref import WeakSet

from tornado.web import RequestHandler

GO_ELSEWHERE = ("Connection", "close")
"""A header: the client takes another connection next time."""

_LOOK_EVERY_S = 0.02


class Answering:
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
        """Return once all have been answered, or are taking too long."""
        self.is_stopping = True
        for handler in self._handlers:
            if not handler._headers_written:
                handler.set_header(*GO_ELSEWHERE)
        latest = time.monotonic() + within_s
        while any(map(_goes_on, self._handlers)) and time.monotonic() < latest:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_EVERY_S)


def _goes_on(handler: RequestHandler) -> bool:
    connection = handler.request.connection
    is_there = connection is not None and not connection.stream.closed()  # type: ignore[attr-defined]
    return is_there and not handler._finished
