"""Events over Redis: a stream per owner for replay, and a channel for live listeners.

Events are published after the document is written, best effort: while Redis is down they are lost,
and clients that reconnect read the jobs again.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import redis
import redis.asyncio
import structlog

from gifapp import errors
from gifapp.domain.views.jobs import Event, JobView, ProgressEvent, SourceView
from gifapp.jobs.db.documents import JobDocument
from gifapp.jobs.db.views import job_view
from gifapp.redis_client import make_client, reaching_redis

_log = structlog.get_logger()

EVERYONE = ""  # the owner id of events for all owners

_CHANNEL = "gifapp:events"
_KEPT = 1000
_KEPT_BYTES = 8_000_000
_KEPT_S = 24 * 3600
_PATIENCE_S = 1.0
_RECONNECT_S = 1.0
_IDLE_S = 15.0
_CURSOR = re.compile(r"[0-9]{1,19}-[0-9]{1,19}")

# atomic; MULTI cannot do it, because PUBLISH needs the cursor that XADD returns
_APPEND_AND_PUBLISH = """
local owner, body, kept, kept_s, channel = unpack(ARGV)
local cursor = redis.call('XADD', KEYS[1], 'MAXLEN', '~', kept, '*', 'event', body)
redis.call('EXPIRE', KEYS[1], kept_s)
redis.call('PUBLISH', channel, owner .. ' ' .. cursor .. ' ' .. body)
"""


class EventStream:
    """Publishes changes to an owner's jobs and sources; `retention` is how long finished jobs are kept."""

    def __init__(self, redis_url: str, *, retention: timedelta | None = None) -> None:
        self._retention = retention
        self._redis = make_client(redis_url, timeout_s=_PATIENCE_S)
        self._append = self._redis.register_script(_APPEND_AND_PUBLISH)

    def close(self) -> None:
        self._redis.close()

    def ping(self) -> None:
        """Raise errors.ServiceUnavailable unless Redis responds."""
        with reaching_redis():
            self._redis.ping()

    def job_changed(self, job: JobDocument) -> None:
        """Publish the job as its owner sees it; while MongoDB is down, the event is lost."""
        try:
            self.show_job(job)
        except errors.ServiceUnavailable as unavailable:
            _log.warning("event not published", job_id=job.id, reason=str(unavailable))

    def show_job(self, job: JobDocument) -> JobView:
        """Publish the job as its owner sees it, and return that view.

        Raises:
            errors.ServiceUnavailable: MongoDB is down.
        """
        view = job_view(job, retention=self._retention)
        self.job_shown(job.owner, view)
        return view

    def job_shown(self, owner_id: str, job: JobView) -> None:
        self._publish(owner_id, Event(cursor="", type="job.changed", job=_without_files(job)))

    def job_progressed(self, owner_id: str, progress: ProgressEvent) -> None:
        self._publish(owner_id, Event(cursor="", type="job.progress", progress=progress))

    def job_deleted(self, owner_id: str, job_id: str) -> None:
        self._publish(owner_id, Event(cursor="", type="job.deleted", id=job_id))

    def source_created(self, owner_id: str, source: SourceView) -> None:
        self._publish(owner_id, Event(cursor="", type="source.created", source=source))

    def source_changed(self, owner_id: str, source: SourceView) -> None:
        self._publish(owner_id, Event(cursor="", type="source.changed", source=source))

    def source_deleted(self, owner_id: str, source_id: str) -> None:
        self._publish(owner_id, Event(cursor="", type="source.deleted", id=source_id))

    def _publish(self, owner_id: str, event: Event) -> None:
        """Send the event to live listeners and store it for replay; while Redis is down, it is lost."""
        body = event.model_dump_json(exclude_none=True)
        kept = min(_KEPT, _KEPT_BYTES // len(body))  # fewer if they are large
        try:
            # the script assigns the cursor, so that listeners and replays see the same one
            self._append(keys=[_stream(owner_id)], args=[owner_id, body, kept, _KEPT_S, _CHANNEL])
        except redis.RedisError as unavailable:
            _log.warning("event not published", type=event.type, reason=str(unavailable))

    def forget(self, owner_id: str) -> None:
        """Delete an owner's events; while Redis is down they stay, but expire after a day."""
        try:
            self._redis.delete(_stream(owner_id))
        except redis.RedisError as unavailable:
            _log.warning("events not deleted", reason=str(unavailable))

    def latest(self, owner_id: str) -> str:
        """The cursor of the newest event.

        Raises:
            errors.ServiceUnavailable
        """
        with reaching_redis():
            newest: Any = self._redis.xrevrange(_stream(owner_id), count=1)
            return newest[0][0] if newest else self._mark(owner_id)

    def _mark(self, owner_id: str) -> str:
        # a cursor must name an entry, or `since` could not tell whether events were trimmed
        cursor: Any = self._redis.xadd(_stream(owner_id), {"mark": ""})
        self._redis.expire(_stream(owner_id), _KEPT_S)
        return str(cursor)

    def since(self, owner_id: str, cursor: str) -> list[Event] | None:
        """The events after `cursor`, oldest first; None if some of them are no longer stored.

        Raises:
            errors.ServiceUnavailable
        """
        if not _CURSOR.fullmatch(cursor):
            return None
        with reaching_redis():
            entries: Any = self._redis.xrange(_stream(owner_id), min=cursor)
        if not entries or entries[0][0] != cursor:
            return None
        return [_event(place, fields["event"]) for place, fields in entries[1:] if "event" in fields]


def _without_files(job: JobView) -> JobView:
    """The job without its recipe's files: they may have hundreds of kB, and a thousand events are stored."""
    recipe = job.recipe.model_copy(update={"subtitles": None, "overlay": None})
    return job.model_copy(update={"recipe": recipe})


async def follow(redis_url: str) -> AsyncIterator[tuple[str, Event]]:
    """Yield all owners' events from now on, indefinitely, over one connection.

    Events may be lost while the connection is down; after each reconnection, (EVERYONE, a `reset`
    event) comes first.
    """
    is_first = True
    while True:
        try:
            async for owner_id, event in _followed(redis_url, is_first=is_first):
                is_first = False
                yield owner_id, event
        except redis.RedisError as unavailable:
            _log.warning("event subscription failed", reason=str(unavailable))
        is_first = False
        await asyncio.sleep(_RECONNECT_S)


async def _followed(redis_url: str, *, is_first: bool) -> AsyncIterator[tuple[str, Event]]:
    options: Any = {"decode_responses": True, "health_check_interval": _IDLE_S}
    async with redis.asyncio.from_url(redis_url, **options) as client, client.pubsub() as channel:
        await channel.subscribe(_CHANNEL)
        while True:
            message = await channel.get_message(timeout=_IDLE_S)
            if message is None:
                continue
            if message["type"] == "message":
                yield _from_channel(message["data"])
            elif not is_first:
                yield EVERYONE, Event(cursor="", type="reset")


def _from_channel(data: str) -> tuple[str, Event]:
    owner_id, cursor, body = data.split(" ", 2)
    return owner_id, _event(cursor, body)


def _event(cursor: str, body: str) -> Event:
    return Event.model_validate_json(body).model_copy(update={"cursor": cursor})


def _stream(owner_id: str) -> str:
    return f"gifapp:events:{owner_id}"
