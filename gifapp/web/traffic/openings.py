"""Opens accepted connections in turn: a few per address and iteration of the event loop."""

from __future__ import annotations

import struct
from asyncio import Future
from collections.abc import Callable
from socket import SO_LINGER, SOL_SOCKET, socket
from typing import Any

from gifapp.identity.throttle import network_of
from gifapp.web.traffic.turns import Turns

OPENINGS = 8
"""Connections opened per address and iteration of the event loop: a browser opens six at once."""

MAX_WAITING = 250
"""Accepted connections of an address that wait to be opened; the surplus is closed."""

MAX_WAITING_IN_ALL = 2000
"""Each is an open file of this process."""

MAX_ACCEPTED = 1024
"""Connections accepted per iteration; those not accepted wait in one queue for all addresses."""

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: discard at once, without the handshake of an orderly end


class Openings:
    """Opens connections in turn.

    Opening a connection takes twenty times as long as accepting it, which takes microseconds. So all are
    accepted at once, and only those of an address that opens many wait. `open_connection` is called with each
    socket and its address when its turn has come.
    """

    def __init__(
        self, open_connection: Callable[[socket, Any], None], is_proxy: Callable[[str], bool]
    ) -> None:
        self._open = open_connection
        self._is_proxy = is_proxy
        self._turns = Turns(OPENINGS)
        self._waiting: set[Future[None]] = set()

    def accept(self, listening: socket) -> None:
        """Accept all pending connections."""
        for _ in range(MAX_ACCEPTED):
            try:
                connection, address = listening.accept()
            except BlockingIOError:
                return
            except ConnectionAbortedError:  # closed before it was accepted
                continue
            self._take_turn(connection, address)

    def _take_turn(self, connection: socket, address: Any) -> None:
        if self._is_proxy(address[0]):  # it has the connections of all its clients
            self._open(connection, address)
            return
        network = network_of(address[0])
        if not self._turns.has_turn(network) and self._is_full(network):
            connection.setsockopt(SOL_SOCKET, SO_LINGER, _RESET)
            connection.close()
            return
        turn = self._turns.begin(network)
        if turn is None:
            self._open(connection, address)
            return
        self._waiting.add(turn)
        turn.add_done_callback(lambda _: self._turn_came(turn, connection, address))

    def _is_full(self, network: str) -> bool:
        return self._turns.waiting(network) >= MAX_WAITING or len(self._waiting) >= MAX_WAITING_IN_ALL

    def _turn_came(self, turn: Future[None], connection: socket, address: Any) -> None:
        self._waiting.discard(turn)
        if turn.cancelled():
            connection.close()
        else:
            self._open(connection, address)

    def stop(self) -> None:
        """Close the waiting connections."""
        for turn in list(self._waiting):
            turn.cancel()
