"""The caller's events over a websocket, from a cursor on."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Annotated, ClassVar, Literal

import structlog
from pydantic import Field
from tornado.web import HTTPError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from gifapp import errors
from gifapp.domain.views.jobs import Event
from gifapp.identity.service import Caller
from gifapp.identity.tokens import LEEWAY
from gifapp.web.http.answering import AnsweringHandler
from gifapp.web.http.hub import TOO_SLOW, Message
from gifapp.web.http.operations import Access, operation
from gifapp.web.http.payloads import Query
from gifapp.web.traffic.bucket import Bucket

SIGN_IN_AGAIN = 4401
TRY_AGAIN = 1013
BROKEN = 1011
REFUSED = 1008

PING_EVERY_S = 20.0
MAX_STREAMS = 50  # of one user; each dashboard has one
RETRY_AFTER_S = 10
MAX_WAITING = 1000
MAX_WAITING_CHARACTERS = 8_000_000
MAX_MESSAGE_BYTES = 1024  # the content of clients' messages is ignored
MESSAGES, MESSAGES_PER_S = 100, 1  # pings included


_log = structlog.get_logger()


class EventsQuery(Query):
    cursor: Annotated[str, Field(pattern=r"^\d{1,20}-\d{1,20}$", examples=["1769860800000-0"])] | None = None


class EventsHandler(AnsweringHandler, WebSocketHandler):
    access: ClassVar[Access] = "signed in"
    limited_as: ClassVar = {"GET": "websockets"}

    caller_now: Caller

    async def prepare(self) -> None:
        await super().prepare()
        if self.request.method != "OPTIONS":  # a preflight carries no token
            self._after_cursor = self.query(EventsQuery).cursor

    async def identify(self) -> str:
        self._token = self.bearer()
        self.caller_now = await self.caller()
        return self.caller_now.user_id

    @operation(
        "Events of my jobs and videos, over a websocket",
        status=101,
        response_model=Event,
        reads_itself=[EventsQuery],
    )
    async def get(self, *args: str, **kwargs: str) -> None:
        """First `ready` or `reset`, then the events missed since `cursor`, then new events as they happen.

        Closes with 4401 when the token has expired or the session has ended, with 4408 when the client reads
        too slowly, with 1013 when a server is unavailable; clients reconnect with their last cursor.
        """
        if self.request.headers.get("Upgrade", "").lower() != "websocket":
            raise HTTPError(426)
        if self.parts.hub.count(self.caller_now.user_id) >= MAX_STREAMS:
            raise errors.TooManyAtOnce(limit=MAX_STREAMS, retry_after_s=RETRY_AFTER_S)
        await super().get(*args, **kwargs)

    @property
    def max_message_size(self) -> int:
        return MAX_MESSAGE_BYTES

    @property
    def ping_interval(self) -> float:
        return PING_EVERY_S

    def check_origin(self, origin: str) -> bool:
        return origin in self.parts.cors_origins or super().check_origin(origin)

    async def open(self, *_: str) -> None:
        self._waiting: asyncio.Queue[Message] = asyncio.Queue(MAX_WAITING)
        self._waiting_characters = 0
        self._messages = Bucket(MESSAGES, MESSAGES_PER_S)
        self._owner_id = self.caller_now.user_id
        self.parts.hub.join(self._owner_id, self)
        self._running = asyncio.create_task(self._run())

    def on_message(self, message: str | bytes) -> None:  # noqa: ARG002
        """Count the message; its content is ignored."""
        self._count_message()

    def on_ping(self, data: bytes) -> None:  # noqa: ARG002
        self._count_message()

    def _count_message(self) -> None:
        if not self._messages.take():
            self.close(REFUSED, "too many messages")

    def on_close(self) -> None:
        self.parts.hub.leave(self._owner_id, self)
        self._running.cancel()

    def deliver(self, message: Message) -> None:
        self._waiting_characters += len(message.text)
        if self._waiting.full() or self._waiting_characters > MAX_WAITING_CHARACTERS:
            self.close(TOO_SLOW, "too slow; reconnect with your last cursor")
        else:
            self._waiting.put_nowait(message)

    async def _run(self) -> None:
        try:
            await self._begin()
            while True:
                await self._follow_until(self._next_check())
                self.caller_now = await self.run_blocking(self.parts.identity.authenticate, self._token)
                await self._catch_up()
        except errors.AccessDenied as denied:
            self.close(SIGN_IN_AGAIN, str(denied))
        except errors.Transient as unavailable:
            self.close(TRY_AGAIN, str(unavailable))
        except WebSocketClosedError:
            return
        except Exception:  # noqa: BLE001  or the websocket would stay open and silent
            _log.exception("event stream failed")
            self.close(BROKEN)

    async def _begin(self) -> None:
        if self._after_cursor is None:
            await self._send_bare("ready", await self.run_blocking(self._newest))
            return
        missed = await self.run_blocking(self._since, self._after_cursor)
        if missed is None:
            await self._reset()
            return
        await self._send_bare("ready", self._after_cursor)
        for message in missed:
            await self._send_once(message)

    async def _catch_up(self) -> None:
        """Send the events that were published while Redis was unreachable."""
        missed = await self.run_blocking(self._since, self._sent)
        if missed is None:
            await self._reset()
        for message in missed or ():
            await self._send_once(message)

    async def _reset(self) -> None:
        await self._send_bare("reset", await self.run_blocking(self._newest))

    def _newest(self) -> str:
        return self.parts.services.events.latest(self._owner_id)

    def _since(self, cursor: str) -> list[Message] | None:
        """The missed events; encoding many takes long, so it happens on this thread."""
        missed = self.parts.services.events.since(self._owner_id, cursor)
        if missed is None:
            return None
        sign = self.parts.media.event
        return [Message.of(sign(event, self._owner_id)) for event in missed]

    async def _follow_until(self, end_s: float) -> None:
        while (left_s := end_s - time.monotonic()) > 0:
            try:
                message = await asyncio.wait_for(self._waiting.get(), left_s)
            except TimeoutError:
                return
            self._waiting_characters -= len(message.text)
            if message.type == "reset":  # the connection to Redis was lost
                await self._catch_up()
            else:
                await self._send_once(message)

    def _next_check(self) -> float:
        valid_s = (self.caller_now.expires_at - datetime.now(UTC)).total_seconds()
        if valid_s <= 0:  # an expired access token is accepted a little longer
            valid_s += LEEWAY.total_seconds()
        return time.monotonic() + min(self.parts.session_check_s, max(0.0, valid_s))

    async def _send_bare(self, kind: Literal["ready", "reset"], cursor: str) -> None:
        await self._send(Message.of(Event(cursor=cursor, type=kind)))

    async def _send_once(self, message: Message) -> None:
        if _position(message.cursor) > _position(self._sent):
            await self._send(message)

    async def _send(self, message: Message) -> None:
        self._sent = message.cursor
        await self.write_message(message.text)


def _position(cursor: str) -> tuple[int, ...]:
    return tuple(int(part) for part in cursor.split("-"))
