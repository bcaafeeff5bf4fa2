import asyncio
import base64
import socket
from collections.abc import AsyncGenerator, Iterator

import pytest
import redis

from gifapp import errors
from gifapp.domain.recipes.recipe import Overlay, Recipe
from gifapp.domain.views.jobs import Event
from gifapp.jobs.events import stream
from gifapp.jobs.events.stream import EVERYONE, EventStream, follow
from gifapp.processes import wait_until
from tests.widgets.scripted import a_job


@pytest.fixture
def events(redis_url: str) -> Iterator[EventStream]:
    events = EventStream(redis_url)
    yield events
    events.close()


def ids(events: list[Event] | None) -> list[str | None]:
    assert events is not None
    return [event.id for event in events]


def test_missed_events_are_replayed_in_order_to_their_owner(events: EventStream) -> None:
    start = events.latest("ann")
    assert events.since("ann", start) == []
    for job_id in ("a", "b"):
        events.job_deleted("ann", job_id)
        events.job_deleted("bob", "not ann's")
    missed = events.since("ann", start)
    assert ids(missed) == ["a", "b"]
    assert missed is not None
    assert events.latest("ann") == missed[-1].cursor
    assert ids(events.since("ann", missed[0].cursor)) == ["b"]


def test_events_leave_out_the_files_in_a_recipe(events: EventStream) -> None:
    start = events.latest("ann")
    overlay = Overlay(image=base64.b64encode(b"GIF8" + bytes(100_000)).decode())
    recipe = Recipe(fps=5.0, overlay=overlay, subtitles="WEBVTT\n\n00:01.000 --> 00:02.000\nHello")
    events.job_shown("ann", a_job(recipe=recipe))
    published = (events.since("ann", start) or [])[0].job
    assert published is not None
    assert published.recipe == Recipe(fps=5.0)


def test_fewer_large_events_are_kept(events: EventStream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_KEPT_BYTES", 20_000)
    start = events.latest("ann")
    for job_id in ("a" * 6000, "b" * 6000, "c" * 6000):
        events.job_deleted("ann", job_id)
    assert events.since("ann", start) is None
    assert events.since("ann", events.latest("ann")) == []


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "0-0", "1-1", "9999999999999-0", "+", "$", "-", "1-1 2", "\u0661-\u0661", "9" * 19 + "-1"],
)
def test_unknown_cursor_replays_nothing(events: EventStream, cursor: str) -> None:
    events.job_deleted("ann", "a")
    assert events.since("ann", cursor) is None


def test_no_cursor_is_known_after_a_flush(events: EventStream, redis_url: str) -> None:
    start = events.latest("ann")
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    assert events.since("ann", start) is None
    events.job_deleted("ann", "a")
    assert events.since("ann", start) is None


def test_without_redis_publishing_is_silent_and_reading_fails() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        events = EventStream(f"redis://127.0.0.1:{nobody.getsockname()[1]}")
    events.job_deleted("ann", "a")
    for ask in (lambda: events.latest("ann"), lambda: events.since("ann", "1-1"), events.ping):
        with pytest.raises(errors.ServiceUnavailable, match="Redis"):
            ask()
    events.close()


async def test_followers_receive_all_owners_events_with_replay_cursors(
    events: EventStream, redis_url: str
) -> None:
    start = await asyncio.to_thread(events.latest, "ann")
    following = follow(redis_url)
    first = asyncio.ensure_future(anext(following))
    while not first.done():  # events before the subscription are lost
        await asyncio.to_thread(events.job_deleted, "ann", "a")
        await asyncio.wait([first], timeout=0.05)
    owner, heard = first.result()
    replayed = await asyncio.to_thread(events.since, "ann", start)
    assert owner == "ann"
    assert replayed is not None
    assert heard in replayed
    assert isinstance(following, AsyncGenerator)
    await following.aclose()


async def test_lost_connection_resets_every_follower(events: EventStream, redis_url: str) -> None:
    following = follow(redis_url)
    heard = asyncio.ensure_future(anext(following))
    with redis.Redis.from_url(redis_url) as client:
        is_subscribed = lambda: client.pubsub_numsub("gifapp:events")[0][1] == 1  # noqa: E731
        assert await asyncio.to_thread(wait_until, is_subscribed, timeout_s=30)
        client.client_kill_filter(_type="pubsub")
    owner, event = await asyncio.wait_for(heard, 30)
    assert (owner, event.type) == (EVERYONE, "reset")
    assert isinstance(following, AsyncGenerator)
    await following.aclose()
