"""The event stream: its start, live events, replay, and its end."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import redis
from structlog.testing import capture_logs
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from gifapp.domain.views.jobs import Event, JobView, ProgressEvent, SourceView
from gifapp.identity.service import Caller
from gifapp.identity.tokens import LEEWAY, TokenSigner
from gifapp.jobs.parts import JobParts
from gifapp.web.handlers import events
from gifapp.web.handlers.events import SIGN_IN_AGAIN
from gifapp.web.http.context import Parts
from gifapp.web.http.hub import TOO_SLOW
from tests.web.api.conftest import FRIEND, SECRET, Person, SignUp, is_problem


class Socket:
    """An open event stream."""

    def __init__(self, connection: WebSocketClientConnection) -> None:
        self._connection = connection

    async def next(self) -> dict[str, Any]:
        message = await asyncio.wait_for(self._connection.read_message(), 10)
        assert isinstance(message, str), self.close_code
        event: dict[str, Any] = json.loads(message)
        return event

    async def send(self, message: str) -> None:
        await self._connection.write_message(message)

    async def ping(self) -> None:
        self._connection.ping(b"")

    async def end(self) -> int | None:
        """Read to the end; returns the close code."""
        while await asyncio.wait_for(self._connection.read_message(), 10) is not None:
            pass
        return self.close_code

    @property
    def close_code(self) -> int | None:
        return self._connection.close_code


@asynccontextmanager
async def listening(url: str, token: str, cursor: str | None = None, **headers: str) -> AsyncIterator[Socket]:
    address = url.replace("http", "ws") + "/api/v1/events" + (f"?cursor={cursor}" if cursor else "")
    request = HTTPRequest(address, headers={"Authorization": f"Bearer {token}", **headers})
    connection = await websocket_connect(request)
    try:
        yield Socket(connection)
    finally:
        connection.close()
        await asyncio.sleep(0)


async def test_event_reaches_every_socket_of_its_owner(
    url: str, ada: Person, source: SourceView, sign_up: SignUp, video: bytes
) -> None:
    eve = sign_up("eve")
    async with (
        listening(url, ada.session.access_token) as first,
        listening(url, ada.session.access_token) as second,
        listening(url, eve.session.access_token) as others,
    ):
        assert [(await s.next())["type"] for s in (first, second, others)] == ["ready"] * 3
        job = (await ada.http.post("/api/v1/jobs", json={"source_id": source.id})).json()
        for socket in (first, second):
            event = await socket.next()
            assert (event["type"], event["job"]["id"]) == ("job.changed", job["id"])
            assert event["job"]["source"]["poster_url"].startswith(f"/media/posters/{source.id}?")
        eves = (await eve.http.post("/api/v1/sources", params={"name": "eve.mp4"}, content=video)).json()
        assert (await others.next())["source"]["id"] == eves["id"]


async def test_event_is_encoded_once_for_all_sockets(
    url: str, ada: Person, job: JobView, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_json, encoded = Event.as_json, list[str]()

    def encoding(event: Event) -> dict[str, Any]:
        encoded.append(event.type)
        return as_json(event)

    monkeypatch.setattr(Event, "as_json", encoding)
    async with AsyncExitStack() as stack:
        for _ in range(3):
            socket = await stack.enter_async_context(listening(url, ada.session.access_token))
            await socket.next()
        await ada.http.post(f"/api/v1/jobs/{job.id}/cancel")
        assert (await socket.next())["type"] == "job.changed"
    assert encoded == ["ready", "ready", "ready", "job.changed"]


async def test_streams_of_one_user_are_limited(
    url: str, ada: Person, sign_up: SignUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MAX_STREAMS", 1)
    bob = sign_up("bob")
    async with listening(url, ada.session.access_token) as socket:
        await socket.next()
        with pytest.raises(HTTPClientError) as refused:
            async with listening(url, ada.session.access_token):
                pass
        assert refused.value.code == 429
        assert refused.value.response is not None
        assert refused.value.response.headers["Retry-After"] == "10"
        async with listening(url, bob.session.access_token) as theirs:
            assert (await theirs.next())["type"] == "ready"


async def test_missed_events_are_replayed_once_and_in_order(url: str, ada: Person, job: JobView) -> None:
    token, path = ada.session.access_token, f"/api/v1/jobs/{job.id}"
    async with listening(url, token) as socket:
        ready = await socket.next()
    await ada.http.post(f"{path}/cancel")
    await ada.http.post(f"{path}/retry")
    async with listening(url, token, ready["cursor"]) as socket:
        assert await socket.next() == ready
        missed = [await socket.next() for _ in range(2)]
        assert [event["job"]["state"] for event in missed] == ["cancelled", "queued"]
        await ada.http.delete(path)
        assert (await socket.next())["type"] == "job.deleted"
    async with listening(url, token, missed[0]["cursor"]) as socket:
        types = [(await socket.next())["type"] for _ in range(3)]
        assert types == ["ready", "job.changed", "job.deleted"]


async def test_progress_is_sent_and_replayed_in_order(
    url: str, ada: Person, jobs: JobParts, job: JobView
) -> None:
    token = ada.session.access_token
    progress = ProgressEvent(job_id=job.id, attempt=1, phase="writing", fraction=0.5, eta_s=3.0)
    async with listening(url, token) as socket:
        ready = await socket.next()
        jobs.events.job_progressed(ada.id, progress)
        event = await socket.next()
        await ada.http.post(f"/api/v1/jobs/{job.id}/cancel")
        assert (await socket.next())["job"]["state"] == "cancelled"
    body = {"job_id": job.id, "attempt": 1, "phase": "writing", "fraction": 0.5, "eta_s": 3.0}
    assert event == {"cursor": event["cursor"], "type": "job.progress", "progress": body}
    async with listening(url, token, ready["cursor"]) as socket:
        replayed = [await socket.next() for _ in range(3)]
        assert [event["type"] for event in replayed] == ["ready", "job.progress", "job.changed"]
        assert replayed[1] == event


async def test_unknown_cursor_is_a_reset(url: str, ada: Person) -> None:
    async with listening(url, ada.session.access_token, "1-1") as socket:
        event = await socket.next()
        assert event["type"] == "reset"
    async with listening(url, ada.session.access_token, event["cursor"]) as socket:
        assert (await socket.next())["type"] == "ready"


@pytest.mark.parametrize("session_check_s", [60.0])
async def test_events_continue_after_redis_dropped_the_subscription(
    url: str, ada: Person, job: JobView, redis_url: str
) -> None:
    async with listening(url, ada.session.access_token) as socket:
        await socket.next()
        with redis.Redis.from_url(redis_url) as client:
            client.client_kill_filter(_type="pubsub")
        await ada.http.post(f"/api/v1/jobs/{job.id}/cancel")
        assert (await socket.next())["job"]["state"] == "cancelled"


@pytest.mark.usefixtures("gif")
async def test_gif_url_in_an_event_opens_without_a_token(
    url: str, ada: Person, stranger: httpx.AsyncClient, jobs: JobParts, job: JobView
) -> None:
    async with listening(url, ada.session.access_token) as socket:
        await socket.next()
        jobs.events.job_shown(ada.id, jobs.jobs.find(ada.id, job.id))
        event = (await socket.next())["job"]
    assert (await stranger.get(event["gif"]["url"])).headers["Content-Type"] == "image/gif"
    assert (await stranger.get(event["source"]["poster_url"])).headers["Content-Type"] == "image/jpeg"


async def test_stream_checks_its_token_at_the_usual_pace_until_it_expires(
    url: str, ada: Person, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    authenticate, checked = parts.identity.authenticate, []
    lifetime = timedelta(seconds=1.5)
    signer = TokenSigner(SECRET, "access", lifetime, lambda: datetime.now(UTC))
    session_id = authenticate(ada.session.access_token).session_id
    token, _ = signer.sign(sub=ada.id, sid=session_id, ver=0)

    def authenticate_and_count(token: str) -> Caller:
        checked.append(token)
        return authenticate(token)

    monkeypatch.setattr(parts.identity, "authenticate", authenticate_and_count)
    async with listening(url, token) as socket:
        assert (await socket.next())["type"] == "ready"
        assert await socket.end() == SIGN_IN_AGAIN
    assert len(checked) <= (lifetime + LEEWAY).total_seconds() / parts.session_check_s + 2


async def test_signing_out_closes_the_stream(url: str, ada: Person, parts: Parts) -> None:
    async with listening(url, ada.session.access_token) as socket:
        await socket.next()
        parts.identity.logout(ada.session.refresh_token)
        assert await socket.end() == SIGN_IN_AGAIN


@pytest.mark.parametrize(
    "limit", [("MAX_WAITING", 3), ("MAX_WAITING_CHARACTERS", 200)], ids=lambda each: each[0]
)
async def test_slow_reader_is_disconnected_without_a_log_entry(
    url: str, ada: Person, parts: Parts, caplog: pytest.LogCaptureFixture, limit: tuple[str, int]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(events, *limit)
        await fall_behind(url, ada, parts)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def fall_behind(url: str, ada: Person, parts: Parts) -> None:
    async with listening(url, ada.session.access_token) as socket:
        at, _, _ = (await socket.next())["cursor"].partition("-")
        for later in range(5):
            parts.hub._deliver(ada.id, Event(cursor=f"{int(at) + 1}-{later}", type="ready"))
        assert await socket.end() == TOO_SLOW


async def test_large_message_from_a_client_is_refused(url: str, ada: Person) -> None:
    async with listening(url, ada.session.access_token) as socket:
        await socket.next()
        await socket.send("x" * events.MAX_MESSAGE_BYTES)
        await socket.send("x" * (events.MAX_MESSAGE_BYTES + 1))
        assert await socket.end() == 1009


@pytest.mark.parametrize("what", ["message", "ping"])
async def test_client_that_sends_many_messages_is_disconnected(
    url: str, ada: Person, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr(events, "MESSAGES", 3)
    async with listening(url, ada.session.access_token) as socket:
        await socket.next()
        for _ in range(4):
            await (socket.send("hello") if what == "message" else socket.ping())
        assert await socket.end() == events.REFUSED


@pytest.mark.parametrize("cursor", ["x", "1", "1-", "-1", "1-1-1", "9" * 30 + "-1"])
async def test_wrong_cursor_is_named(ada: Person, cursor: str) -> None:
    answer = await ada.http.get("/api/v1/events", params={"cursor": cursor})
    assert is_problem(answer, 422, "field-invalid")["field"] == "cursor"


async def test_stream_requires_a_token_and_our_own_origin(url: str, ada: Person) -> None:
    token = ada.session.access_token
    for token_sent, headers in (("made up", {}), (token, {"Origin": "https://evil.example"})):
        with pytest.raises(HTTPClientError) as refused:
            async with listening(url, token_sent, **headers):
                pass
        assert refused.value.code in (401, 403)
    async with listening(url, token, Origin=FRIEND) as socket:
        assert (await socket.next())["type"] == "ready"


@pytest.mark.parametrize("session_check_s", [60.0])
async def test_events_continue_after_an_unreadable_one(
    url: str, ada: Person, job: JobView, redis_url: str
) -> None:
    with capture_logs() as logs:
        async with listening(url, ada.session.access_token) as socket:
            await socket.next()
            with redis.Redis.from_url(redis_url) as client:
                client.publish("gifapp:events", f"{ada.id} 1-1 this is no JSON")
            await ada.http.post(f"/api/v1/jobs/{job.id}/cancel")
            assert (await socket.next())["job"]["state"] == "cancelled"
    assert "event delivery restarted" in [log["event"] for log in logs]
