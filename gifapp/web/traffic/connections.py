"""Limits open connections: in total, and per address."""

from __future__ import annotations

import resource
from collections.abc import Iterable
from weakref import WeakKeyDictionary

from tornado.iostream import IOStream

from gifapp.identity.throttle import network_of

BY_ADDRESS = 500
"""The default; enough for an office behind one address: a browser opens about eight."""

_TIDY_AT = 1000  # addresses, most of which may have no connection left
_UNKNOWN = ""


class Connections:
    """Counts open connections, including websockets, until they close.

    Attributes:
        max_by_address: the limit per address; for IPv6, per /64, which one customer usually has.
    """

    def __init__(self, max_by_address: int = BY_ADDRESS, max_total: int | None = None) -> None:
        """`max_total`: the total limit; by default three quarters of the process's limit on open files."""
        self._max_total = max_total or resource.getrlimit(resource.RLIMIT_NOFILE)[0] * 3 // 4
        self.max_by_address = min(max_by_address, max(1, self._max_total // 2))
        self._tidy_at = _TIDY_AT
        # oldest first; True once a request has arrived
        self._streams: dict[str, WeakKeyDictionary[IOStream, bool]] = {}
        self._network_of: WeakKeyDictionary[IOStream, str] = WeakKeyDictionary()

    def has_capacity(self) -> bool:
        """Whether another connection may be opened."""
        if len(self._network_of) >= self._max_total:
            self._forget_closed(self._network_of)
        return len(self._network_of) < self._max_total

    def count(self, stream: IOStream, address: str | None, *, has_asked: bool = False) -> bool:
        """Count a connection towards `address` from now on; False if the address is at its limit.

        At the limit, the oldest connection without a request is closed for the new one, so a client that only
        holds connections open does not lock out others at its address. `address` is None while it is unknown:
        for a proxy's connection before its first request.
        """
        network = network_of(address) if address else _UNKNOWN
        if self._network_of.get(stream) == network:
            if has_asked and network:
                self._of(network)[stream] = True
            return True
        self._of(self._network_of.get(stream, _UNKNOWN)).pop(stream, None)
        self._network_of[stream] = _UNKNOWN
        if network == _UNKNOWN:
            return True
        if len(self._of(network)) >= self.max_by_address:
            self._forget_closed(self._of(network))
        if len(self._of(network)) >= self.max_by_address:
            self._close_oldest(network)
        return self._add(stream, network, has_asked)

    def network(self, stream: IOStream) -> str:
        """The network that the connection counts towards; empty while it is unknown."""
        return self._network_of.get(stream, _UNKNOWN)

    def _close_oldest(self, network: str) -> None:
        streams = self._of(network)
        oldest = next((stream for stream, has_asked in streams.items() if not has_asked), None)
        if oldest is not None:
            oldest.close()
            self._forget_closed([oldest])

    def _add(self, stream: IOStream, network: str, has_asked: bool) -> bool:
        if len(self._of(network)) >= self.max_by_address:
            return False
        self._network_of[stream] = network
        self._streams.setdefault(network, WeakKeyDictionary())[stream] = has_asked
        if len(self._streams) >= self._tidy_at:
            self._streams = {name: streams for name, streams in self._streams.items() if streams}
            self._tidy_at = max(_TIDY_AT, 2 * len(self._streams))
        return True

    def _of(self, network: str) -> WeakKeyDictionary[IOStream, bool]:
        return self._streams.get(network, WeakKeyDictionary())

    def _forget_closed(self, streams: Iterable[IOStream]) -> None:
        for stream in [stream for stream in streams if stream.closed()]:
            self._of(self._network_of.pop(stream)).pop(stream, None)
