"""Follows the event stream over a websocket and reconnects when it drops."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable

from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, WebSocketError, websocket_connect

from gifapp import errors
from gifapp.client.tokens import Token
from gifapp.domain.views.jobs import Event

_PING_S = 20.0
_LONGEST_WAIT_S = 15.0
_CONNECTION_ERRORS = (OSError, HTTPClientError, WebSocketError, errors.Transient)

_log = logging.getLogger(__name__)


async def follow(
    url: str, token: Token, on_event: Callable[[Event], None], on_connection: Callable[[bool], None]
) -> None:
    """Call `on_event` with every event of the service at `url`; see `Client.follow`."""
    cursor: str | None = None
    failures = 0
    while True:
        try:
            socket = await _open(url, token, cursor)
        except _CONNECTION_ERRORS as lost:
            _log.info("The event stream cannot be opened: %s", lost)
            failures += 1
        else:
            failures = 0
            on_connection(True)
            cursor = await _pass_on(socket, on_event, cursor)
        on_connection(False)
        await asyncio.sleep(_wait_s(failures))


async def _open(url: str, token: Token, cursor: str | None) -> WebSocketClientConnection:
    access_token = await asyncio.to_thread(token)
    address = f"{url}/api/v1/events".replace("http", "ws", 1) + (f"?cursor={cursor}" if cursor else "")
    request = HTTPRequest(address, headers={"Authorization": f"Bearer {access_token}"}, connect_timeout=10)
    try:
        return await websocket_connect(request, ping_interval=_PING_S)
    except HTTPClientError as refused:
        if refused.code in (401, 403):
            raise errors.TokenInvalid from None
        raise


async def _pass_on(
    socket: WebSocketClientConnection, on_event: Callable[[Event], None], cursor: str | None
) -> str | None:
    """Hand on events until the connection ends; returns the last one's cursor."""
    try:
        while (message := await socket.read_message()) is not None:
            event = Event.model_validate_json(message)
            on_event(event)
            cursor = event.cursor
    finally:
        socket.close()
    return cursor


def _wait_s(failures: int) -> float:
    # spread, so that all dashboards of a restarted server do not return in the same instant
    longest_s = min(_LONGEST_WAIT_S, 0.5 * 2.0**failures)
    return longest_s * random.uniform(0.5, 1)  # noqa: S311
