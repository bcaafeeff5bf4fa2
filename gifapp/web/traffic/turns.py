"""Starts requests in turn: one of each address per iteration of the event loop."""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections import deque
from collections.abc import Awaitable

from tornado.httputil import HTTPHeaders, HTTPMessageDelegate, RequestStartLine, ResponseStartLine


class Turns:
    """Lets every address start one request per iteration of the event loop; the surplus waits.

    However many connections an address has, another's request waits for one of its requests, not for all.
    """

    def __init__(self) -> None:
        self._started: set[str] = set()  # in this iteration
        self._waiting: dict[str, deque[Future[None]]] = {}

    def begin(self, network: str) -> Future[None] | None:
        """The turn of a request to wait for; None if it is its turn."""
        if network in self._started:
            turn: Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.setdefault(network, deque()).append(turn)
            return turn
        self._start(network)
        return None

    def _start(self, network: str) -> None:
        if not self._started:
            asyncio.get_running_loop().call_soon(self._next_iteration)
        self._started.add(network)

    def _next_iteration(self) -> None:
        self._started.clear()
        for network in list(self._waiting):
            self._start(network)
            turn = self._waiting[network].popleft()
            if not turn.done():  # a connection that is being closed cancels its own
                turn.set_result(None)
            if not self._waiting[network]:
                del self._waiting[network]


class WaitingRequest(HTTPMessageDelegate):
    """Passes a request on when it is its turn."""

    def __init__(self, turn: Future[None], delegate: HTTPMessageDelegate) -> None:
        self._turn, self._next = turn, delegate
        self._delegate = HTTPMessageDelegate()  # does nothing: the connection may be closed before the turn

    async def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> None:
        await self._turn
        self._delegate = self._next
        received = self._delegate.headers_received(start_line, headers)
        if received is not None:
            await received

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        return self._delegate.data_received(chunk)

    def finish(self) -> None:
        self._delegate.finish()

    def on_connection_close(self) -> None:
        self._delegate.on_connection_close()
