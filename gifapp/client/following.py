"""Follows the event stream over a websocket and reconnects when it drops."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from typing import get_args

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from gifapp import errors
from gifapp.client.responses import error_in
from gifapp.client.retrying import wait_s
from gifapp.client.tokens import Token
from gifapp.domain.views.jobs import Event, EventType

_OPEN_S = 10.0
_PING_S = 20.0
_CLOSE_S = 1.0
_KNOWN = get_args(EventType)

_log = logging.getLogger(__name__)


async def follow(
    url: str, token: Token, on_event: Callable[[Event], None], on_connection: Callable[[bool], None]
) -> None:
    """Call `on_event` with every event of the service at `url`; see `Client.follow`."""
    cursor: str | None = None
    failures = 0
    while True:
        lost: Exception | None = None
        try:
            socket = await _open(url, token, cursor)
        except errors.AccessDenied:
            raise
        except (OSError, WebSocketException, errors.GifappError) as failure:
            _log.info("event stream not opened: %s", failure)
            lost = failure
            failures += 1
        else:
            failures = 0
            on_connection(True)
            cursor = await _pass_on(socket, on_event, cursor)
        on_connection(False)
        await asyncio.sleep(wait_s(failures, lost))


async def _open(url: str, token: Token, cursor: str | None) -> ClientConnection:
    access_token = await asyncio.to_thread(token)
    address = f"{url}/api/v1/events".replace("http", "ws", 1) + (f"?cursor={cursor}" if cursor else "")
    try:
        return await connect(
            address,
            additional_headers={"Authorization": f"Bearer {access_token}"},
            open_timeout=_OPEN_S,
            ping_interval=_PING_S,
            close_timeout=_CLOSE_S,
            max_size=None,
            compression=None,
        )
    except InvalidStatus as refused:
        response = refused.response
        raise error_in(
            httpx.Response(
                response.status_code, headers=list(response.headers.raw_items()), content=bytes(response.body)
            )
        ) from None


async def _pass_on(
    socket: ClientConnection, on_event: Callable[[Event], None], cursor: str | None
) -> str | None:
    """Pass on events until the connection ends; returns the last cursor."""
    async with socket:
        while True:
            try:
                message = await socket.recv()
            except ConnectionClosed:
                return cursor
            fields = json.loads(message)
            if fields["type"] in _KNOWN:  # a newer service may send more types
                on_event(Event.model_validate(fields))
            cursor = fields["cursor"]
