import asyncio

import pytest

from gifapp import errors
from gifapp.client import Client
from gifapp.domain.views.jobs import Event
from gifapp.processes import wait_until
from tests.client.scripted_service import ScriptedService

READY = {"cursor": "1-0", "type": "ready"}
DELETED = {"cursor": "2-0", "type": "job.deleted", "id": "job-1"}
RESET = {"cursor": "9-0", "type": "reset"}


async def followed(service: ScriptedService, count: int) -> tuple[list[str], list[bool]]:
    """The types of the first `count` events, and the reported states of the connection."""
    seen: list[str] = []
    connected: list[bool] = []
    enough = asyncio.Event()

    def on_event(event: Event) -> None:
        seen.append(event.type)
        if len(seen) == count:
            enough.set()

    following = asyncio.create_task(Client(service.url, "a token").follow(on_event, connected.append))
    await asyncio.wait_for(enough.wait(), 20)
    following.cancel()
    return seen, connected


async def test_events_arrive_over_one_authenticated_websocket(scripted: ScriptedService) -> None:
    scripted.events = [[READY, DELETED]]
    seen, connected = await followed(scripted, 2)
    assert seen == ["ready", "job.deleted"]
    assert connected[0]
    assert scripted.tokens == ["Bearer a token"]


async def test_reconnecting_resumes_at_the_last_cursor(scripted: ScriptedService) -> None:
    scripted.events = [[READY, DELETED], [RESET]]
    seen, connected = await followed(scripted, 3)
    assert seen == ["ready", "job.deleted", "reset"]
    assert scripted.cursors == [None, "2-0"]
    assert connected[:3] == [True, False, True]


async def test_unknown_event_of_a_newer_service_is_skipped(scripted: ScriptedService) -> None:
    scripted.events = [[READY, {"cursor": "1-1", "type": "job.praised", "id": "job-1"}], [DELETED]]
    seen, _ = await followed(scripted, 2)
    assert seen == ["ready", "job.deleted"]
    assert scripted.cursors == [None, "1-1"]


async def test_following_retries_while_the_service_is_down(scripted: ScriptedService) -> None:
    url = scripted.url
    await scripted.stop()
    connected: list[bool] = []
    following = asyncio.create_task(Client(url, "a token").follow(lambda _: None, connected.append))
    assert await asyncio.to_thread(wait_until, lambda: len(connected) >= 2, timeout_s=10)
    assert not any(connected)
    assert not following.done()
    following.cancel()


async def test_following_ends_when_the_token_is_rejected(scripted: ScriptedService) -> None:
    scripted.refuse_events = True
    with pytest.raises(errors.TokenInvalid):
        await Client(scripted.url, "a token").follow(lambda _: None)
