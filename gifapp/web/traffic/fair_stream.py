"""Connections that read in turn, and end when their clients stall."""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections.abc import Awaitable, Callable
from re import Pattern
from socket import socket
from typing import Any

from tornado.iostream import IOStream

from gifapp.web.traffic.stalled_clients import ReadingPace, unacknowledged_bytes

MAX_HEADER_PIECES = 300
"""Reads from the socket for the headers of one request; browsers send them in one or two."""


class FairStream(IOStream):
    """A connection whose reads take turns.

    Each part of a body or websocket message is a read, and so is everything that arrives on the socket in one
    iteration of the event loop. `begin_turn` returns the turn to wait for, like `Turns.begin`. A client that
    takes almost nothing for `stall_s` of what waits for it is disconnected.
    """

    def __init__(
        self,
        connection: socket,
        *,
        begin_turn: Callable[[IOStream], Future[None] | None],
        stall_s: float,
        **options: Any,
    ) -> None:
        self._begin_turn = begin_turn
        self._sent_bytes = 0
        self._pace = ReadingPace(stall_s, self._taken_bytes, self.close)
        self._socket_turn: Future[None] | None = None  # the turn that is awaited
        self._may_read_socket = False
        self._header_pieces: int | None = None  # None outside of headers
        super().__init__(connection, **options)

    def write(self, data: bytes | memoryview) -> Future[None]:
        """Send the data; a client that takes too little of it is disconnected."""
        sent = super().write(data)
        if self.writing():
            self._pace.begin()
            sent.add_done_callback(self._has_sent)
        return sent

    def _has_sent(self, _: Future[None]) -> None:
        if self.closed() or not self.writing():
            self._pace.stop()

    def write_to_fd(self, data: memoryview) -> int:
        sent_bytes = super().write_to_fd(data)
        self._sent_bytes += sent_bytes
        return sent_bytes

    def _taken_bytes(self) -> int:
        return self._sent_bytes - unacknowledged_bytes(self.socket.fileno())

    def read_bytes(self, num_bytes: int, partial: bool = False) -> Awaitable[bytes]:
        self._header_pieces = None
        turn = self._begin_turn(self)
        return (
            super().read_bytes(num_bytes, partial) if turn is None else self._read(turn, num_bytes, partial)
        )

    async def _read(self, turn: Future[None], num_bytes: int, partial: bool) -> bytes:
        await turn
        return await super().read_bytes(num_bytes, partial)

    def read_until_regex(
        self, regex: bytes | Pattern[bytes], max_bytes: int | None = None
    ) -> Awaitable[bytes]:
        """Read the headers of a request: Tornado uses this method for nothing else."""
        self._header_pieces = 0
        return super().read_until_regex(regex, max_bytes)  # type: ignore[arg-type]

    def read_from_fd(self, buf: bytearray | memoryview) -> int | None:
        if not self._may_read_socket and not self._take_socket_turn():
            return None  # pretend that nothing has arrived: the event loop asks again in its next iteration
        read_bytes = super().read_from_fd(buf)
        if read_bytes is not None:
            self._count_header_piece()
        return read_bytes

    def _take_socket_turn(self) -> bool:
        if self._socket_turn is None:
            self._socket_turn = self._begin_turn(self)
        if self._socket_turn is not None and not self._socket_turn.done():
            return False
        self._socket_turn, self._may_read_socket = None, True
        asyncio.get_running_loop().call_soon(self._end_socket_turn)
        return True

    def _end_socket_turn(self) -> None:
        self._may_read_socket = False

    def _count_header_piece(self) -> None:
        if self._header_pieces is None:
            return
        self._header_pieces += 1
        if self._header_pieces > MAX_HEADER_PIECES:
            raise ConnectionResetError  # each piece searches all headers so far for their end
