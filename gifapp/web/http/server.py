"""The HTTP server: limits connections, and determines the client's address before any handler runs."""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections.abc import Iterable
from contextlib import suppress
from socket import socket
from typing import Any

import structlog
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPServerRequest
from tornado.iostream import IOStream

from gifapp import errors
from gifapp.identity.throttle import network_of
from gifapp.web.http.base import SESSION_COOKIE, BaseHandler
from gifapp.web.http.client_address import TrustedProxies
from gifapp.web.http.instruments import MeasuredApplication
from gifapp.web.traffic.connections import Connections
from gifapp.web.traffic.fair_stream import FairStream
from gifapp.web.traffic.openings import Openings
from gifapp.web.traffic.turns import Turns, WaitingRequest

# for Jupyter's handlers, which receive only the request that shuts down a kernel; `base` sets its own limits
MAX_BODY_BYTES = 4096
MAX_HEADER_BYTES = 16 * 1024  # thousands of small headers take twenty times their length in memory
BUFFER_BYTES = 16 * 1024 * 1024
CHUNK_BYTES = 256 * 1024
READ_BYTES = 4096  # requests already read are answered even if the client is gone; uploads read more

IDLE_S = 75.0
"""How long to wait for the next request's headers; longer than nginx's keep-alive of 60 s."""
STALL_S = 60.0
"""How long a client may take almost nothing of what is sent to it, as in nginx."""
BODY_S = 30.0
"""How long a body may take that no handler streams; `base` and `sources` have their own limits."""

READS = 32
"""Reads per address and iteration of the event loop: a body of tiny chunks takes two for each."""

_OWN_COOKIES = {SESSION_COOKIE, "_xsrf"}

_REFUSAL = (
    b"HTTP/1.1 429 Too Many Requests\r\nConnection: close\r\nContent-Type: text/plain\r\n"
    b"Content-Length: 47\r\nRetry-After: 60\r\n\r\nToo many connections are open from your address"
)

_log = structlog.get_logger()


class WebServer(HTTPServer):
    """Tornado's server with a limit on connections, so that no client can lock others out."""

    def initialize(  # type: ignore[override]
        self,
        application: WebApplication,
        *,
        idle_s: float = IDLE_S,
        body_s: float = BODY_S,
        stall_s: float = STALL_S,
    ) -> None:
        self._stall_s = stall_s
        self._proxies = application.proxies
        self._open = application.connections
        self._reads = Turns(READS)
        self._openings = Openings(self._open_connection, self._proxies.trusts)
        self._listening: list[socket] = []
        super().initialize(
            application,
            idle_connection_timeout=idle_s,
            body_timeout=body_s,
            max_body_size=MAX_BODY_BYTES,
            max_header_size=MAX_HEADER_BYTES,
            max_buffer_size=BUFFER_BYTES,
            chunk_size=CHUNK_BYTES,
        )

    def add_sockets(self, sockets: Iterable[socket]) -> None:
        """Accept connections on these listening sockets."""
        for listening in sockets:
            self._listening.append(listening)
            asyncio.get_running_loop().add_reader(listening, self._openings.accept, listening)

    def stop(self) -> None:
        """Accept no more connections."""
        for listening in self._listening:
            asyncio.get_running_loop().remove_reader(listening)
            listening.close()
        self._listening.clear()
        self._openings.stop()

    def _open_connection(self, connection: socket, address: Any) -> None:
        client = None if self._proxies.trusts(address[0]) else address[0]
        stream = FairStream(
            connection,
            begin_turn=self._begin_read,
            stall_s=self._stall_s,
            max_buffer_size=BUFFER_BYTES,
            read_chunk_size=READ_BYTES,
        )
        if self._open.has_capacity() and self._open.count(stream, client):
            self.handle_stream(stream, address)
            return
        _log.warning("connection refused", address=address[0], reason="too many are open")
        with suppress(OSError):
            connection.send(_REFUSAL)
        stream.close()

    def _begin_read(self, stream: IOStream) -> Future[None] | None:
        return self._reads.begin(self._open.network(stream))


class WebApplication(MeasuredApplication):
    """All routes; determines each request's client and counts its connection."""

    def __init__(
        self, *args: Any, proxies: TrustedProxies, connections: Connections, **settings: Any
    ) -> None:
        super().__init__(*args, **settings)
        self.proxies = proxies
        self.connections = connections
        self._turns = Turns()

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        self.proxies.identify(request)
        _drop_foreign_cookies(request)
        connection: Any = request.connection
        turn = self._turns.begin(network_of(request.remote_ip or ""))
        delegate = self._delegate(request, connection.stream, **kwargs)
        return delegate if turn is None else WaitingRequest(turn, delegate)

    def _delegate(self, request: HTTPServerRequest, stream: IOStream, **kwargs: Any) -> Any:
        if not self.connections.count(stream, request.remote_ip, has_asked=True):
            return self.get_handler_delegate(request, _RefusingHandler)
        return super().find_handler(request, **kwargs)


class _RefusingHandler(BaseHandler):
    """Rejects a request that a proxy forwards for an address with too many open connections."""

    async def prepare(self) -> None:
        await super().prepare()
        raise errors.TooManyConnections(limit=self.application.connections.max_by_address)  # type: ignore[attr-defined]


def _drop_foreign_cookies(request: HTTPServerRequest) -> None:
    """Keep only our own cookies: a header may hold thousands, which take 20 ms to parse."""
    cookies = request.headers.get("Cookie", "").split(";")
    if len(cookies) > len(_OWN_COOKIES):
        request.headers["Cookie"] = ";".join(
            cookie for cookie in cookies if cookie.partition("=")[0].strip() in _OWN_COOKIES
        )
