"""Delivers events to their owners' open websockets."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple, Protocol

import structlog

from gifapp.domain.views.jobs import Event
from gifapp.jobs.events.stream import EVERYONE

TOO_SLOW = 4408  # the close code for a websocket whose client reads too slowly
_RESTART_S = 1.0

_log = structlog.get_logger()


class Message(NamedTuple):
    """An event as it is sent, so that it is encoded once for all of its owner's websockets."""

    cursor: str
    type: str
    text: str

    @classmethod
    def of(cls, event: Event) -> Message:
        return cls(event.cursor, event.type, json.dumps(event.as_json()))


class Listener(Protocol):
    """One open websocket."""

    def deliver(self, message: Message) -> None:
        """Accept a message; must not block or raise."""


class EventHub:
    """Distributes events from a single `follow` task per process to any number of websockets.

    `sign` returns an event with URLs that its owner's browser can open.
    """

    def __init__(
        self,
        follow: Callable[[], AsyncIterator[tuple[str, Event]]],
        *,
        sign: Callable[[Event, str], Event],
    ) -> None:
        self._follow = follow
        self._sign = sign
        self._listeners: defaultdict[str, set[Listener]] = defaultdict(set)

    def start(self) -> None:
        """Start following on the running loop; call it before the first websocket opens."""
        self._task = asyncio.create_task(self._hand_out())

    async def stop(self) -> None:
        while not self._task.done():
            self._task.cancel()  # repeatedly: redis-py swallows a cancel while it connects
            await asyncio.wait([self._task], timeout=0.1)

    @property
    def listening(self) -> int:
        """The number of open websockets."""
        return sum(map(len, self._listeners.values()))

    def count(self, owner_id: str) -> int:
        """The number of the owner's open websockets."""
        return len(self._listeners.get(owner_id, ()))

    def join(self, owner_id: str, listener: Listener) -> None:
        """Deliver the owner's events to `listener` from now on."""
        self._listeners[owner_id].add(listener)

    def leave(self, owner_id: str, listener: Listener) -> None:
        self._listeners[owner_id].discard(listener)
        if not self._listeners[owner_id]:
            del self._listeners[owner_id]

    async def _hand_out(self) -> None:
        while True:
            try:
                await self._hand_out_until_it_fails()
            except Exception:  # noqa: BLE001  an unreadable event must not end the stream
                _log.exception("event delivery restarted")
                await asyncio.sleep(_RESTART_S)
                self._deliver(EVERYONE, Event(cursor="", type="reset"))

    async def _hand_out_until_it_fails(self) -> None:
        async for owner_id, event in self._follow():
            self._deliver(owner_id, event)

    def _deliver(self, owner_id: str, event: Event) -> None:
        listeners = self._concerned(owner_id)
        if not listeners:
            return
        message = Message.of(self._sign(event, owner_id))
        for listener in listeners:
            listener.deliver(message)

    def _concerned(self, owner_id: str) -> list[Listener]:
        if owner_id == EVERYONE:
            return [listener for listeners in self._listeners.values() for listener in listeners]
        return list(self._listeners.get(owner_id, ()))
