"""Turns for requests: a few per address and iteration of the event loop."""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections import Counter, deque
from collections.abc import Awaitable

from tornado.httputil import HTTPHeaders, HTTPMessageDelegate, RequestStartLine, ResponseStartLine


class Turns:
    """Gives every address `per_iteration` turns per iteration of the event loop; the surplus waits.

    However many connections an address has, another address waits for `per_iteration` turns, not for all.
    """

    def __init__(self, per_iteration: int = 1) -> None:
        self._per_iteration = per_iteration
        self._taken: Counter[str] = Counter()  # in this iteration
        self._waiting: dict[str, deque[Future[None]]] = {}

    def waiting(self, network: str) -> int:
        """The number of waiting turns."""
        return len(self._waiting.get(network, ()))

    def has_turn(self, network: str) -> bool:
        """Whether the next turn need not wait."""
        return self._taken[network] < self._per_iteration

    def begin(self, network: str) -> Future[None] | None:
        """Start a turn: returns the future to wait for, or None if the turn has come."""
        if not self.has_turn(network):
            turn: Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.setdefault(network, deque()).append(turn)
            return turn
        self._take(network)
        return None

    def _take(self, network: str) -> None:
        if not self._taken.total():
            asyncio.get_running_loop().call_soon(self._next_iteration)
        self._taken[network] += 1

    def _next_iteration(self) -> None:
        self._taken.clear()
        for network, turns in list(self._waiting.items()):
            for _ in range(min(self._per_iteration, len(turns))):
                self._take(network)
                turn = turns.popleft()
                if not turn.done():  # a connection that closes cancels its own turn
                    turn.set_result(None)
            if not turns:
                del self._waiting[network]


class WaitingRequest(HTTPMessageDelegate):
    """Passes a request on when it is its turn."""

    def __init__(self, turn: Future[None], delegate: HTTPMessageDelegate) -> None:
        self._turn, self._next = turn, delegate
        self._delegate = HTTPMessageDelegate()  # does nothing if the connection closes before its turn

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
