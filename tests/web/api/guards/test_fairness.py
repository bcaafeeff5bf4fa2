"""One user floods the API: other users are still answered, and only the flooding user is refused."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from gifapp.domain.views.jobs import SourceView
from gifapp.processes import wait_until
from gifapp.web.http.context import Parts
from gifapp.web.traffic.fair_pool import FairPool
from tests.web.api.conftest import PASSWORD, Person, SignUp, is_problem
from tests.web.api.uploading.resumable import TUS, create, offset_of, patch

Ask = Callable[[Person], Awaitable[httpx.Response]]


@pytest.fixture
async def flood(parts: Parts, ada: Person) -> AsyncIterator[None]:
    """Ada fills every pool; none of her work ends before the test does."""
    ended = threading.Event()
    pools = (parts.probes, parts.frames, parts.quick)
    begun = [task for pool in pools for task in await filled(pool, ada.id, ended)]
    yield
    ended.set()
    await asyncio.gather(*begun)


async def filled(pool: FairPool, owner_id: str, ended: threading.Event) -> list[asyncio.Task[bool]]:
    tasks: list[asyncio.Task[bool]] = []
    while not any(task.done() for task in tasks):
        tasks.append(asyncio.create_task(pool.run(owner_id, ended.wait)))
        await asyncio.sleep(0)
    assert tasks[-1].exception()
    return tasks[:-1]


@pytest.fixture
def ask(video: bytes, source: SourceView, parts: Parts, request: pytest.FixtureRequest) -> Ask:
    """Sends a request of one kind for any user."""

    async def mine(person: Person) -> str:
        owned = (await person.http.get("/api/v1/sources")).json()["sources"]
        if owned:
            return str(owned[0]["id"])
        return str((await person.http.post("/api/v1/sources?name=clip.mp4", content=video)).json()["id"])

    async def send(person: Person) -> httpx.Response:
        return await person.http.post("/api/v1/sources?name=clip.mp4", content=video)

    async def send_in_parts(person: Person) -> httpx.Response:
        return await patch(person, await create(person, len(video)), 0, video)

    async def ask_for_what_was_left(person: Person) -> httpx.Response:
        upload = await create(person, len(video))
        left = parts.services.uploads.resume(person.id, upload.rpartition("/")[2], 0, len(video), None)
        with left as writer:
            writer.write(video)
        return await person.http.head(upload, headers=TUS)

    async def take_a_frame(person: Person) -> httpx.Response:
        return await person.http.get(f"/api/v1/sources/{await mine(person)}/frame", params={"at_s": 0.5})

    async def estimate(person: Person) -> httpx.Response:
        return await person.http.post(
            "/api/v1/estimates", json={"source_id": await mine(person)}, timeout=120
        )

    return {
        kind.__name__: kind for kind in (send, send_in_parts, ask_for_what_was_left, take_a_frame, estimate)
    }[request.param]


EVERY_KIND = pytest.mark.parametrize(
    "ask", ["send", "send_in_parts", "ask_for_what_was_left", "take_a_frame", "estimate"], indirect=True
)


@EVERY_KIND
@pytest.mark.usefixtures("flood")
async def test_flood_of_one_user_does_not_delay_others(sign_up: SignUp, ask: Ask) -> None:
    answer = await ask(sign_up("bob"))
    assert answer.is_success  # all of Ada's work is still running or waiting
    assert answer.headers["Server-Timing"].startswith("wait;dur=")


@EVERY_KIND
@pytest.mark.usefixtures("flood")
async def test_surplus_of_a_flood_is_refused_to_its_owner(ada: Person, ask: Ask) -> None:
    refused = await ask(ada)
    if refused.request.method == "HEAD":
        assert refused.status_code == 423  # the only refusal that tus clients retry
    else:
        is_problem(refused, 429, "too-many-at-once")
        assert int(refused.headers["Retry-After"]) > 0


async def test_upload_can_resume_after_a_refusal(ada: Person, video: bytes, parts: Parts) -> None:
    ended = threading.Event()
    begun = await filled(parts.probes, ada.id, ended)
    upload = await create(ada, len(video))
    is_problem(await patch(ada, upload, 0, video), 429, "too-many-at-once")
    ended.set()
    await asyncio.gather(*begun)
    assert await offset_of(ada, upload) == len(video)
    assert (await ada.http.head(upload, headers=TUS)).headers["Upload-Source"]


async def test_request_abandoned_while_it_waits_is_not_run(
    ada: Person, source: SourceView, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended, estimated = threading.Event(), threading.Event()
    monkeypatch.setattr(parts.services.estimation, "estimate", lambda *_: estimated.set())
    others = [asyncio.create_task(parts.quick.run(name, ended.wait)) for name in ("bob", "eve", "dan")]
    with pytest.raises(httpx.ReadTimeout):
        await ada.http.post("/api/v1/estimates", json={"source_id": source.id}, timeout=0.5)
    assert parts.quick._queue.count_waiting(ada.id) == 1
    ended.set()
    await asyncio.gather(*others)
    await asyncio.to_thread(wait_until, lambda: parts.quick.is_idle, timeout_s=10)
    assert not estimated.is_set()


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(("flooding", "status"), [("203.0.113.9", 200), ("127.0.0.1", 429)])
async def test_password_checks_of_one_address_do_not_delay_others(
    stranger: httpx.AsyncClient, parts: Parts, flooding: str, status: int
) -> None:
    ended = threading.Event()
    hashing = await filled(parts.passwords, flooding, ended)
    try:
        credentials = {"email": "ada@example.org", "password": PASSWORD}
        answer = await stranger.post("/api/v1/auth/login", json=credentials, timeout=5)
        assert answer.status_code == status
    finally:
        ended.set()
        await asyncio.gather(*hashing)


async def test_open_uploads_of_one_user_leave_room_for_others(
    sign_up: SignUp, ada: Person, video: bytes, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended, resume = threading.Event(), parts.services.uploads.resume

    def slow_for_ada(owner_id: str, *facts: Any) -> Any:
        if owner_id == ada.id:
            ended.wait()
        return resume(owner_id, *facts)

    monkeypatch.setattr(parts.services.uploads, "resume", slow_for_ada)
    bob = sign_up("bob")
    theirs, hers = await create(bob, len(video)), await create(ada, len(video))
    opening = [asyncio.create_task(patch(ada, hers, 0, b"x")) for _ in range(40)]
    try:
        await asyncio.sleep(0.5)
        answer = await asyncio.wait_for(patch(bob, theirs, 0, video), 20)
    finally:
        ended.set()
        await asyncio.gather(*opening)
    assert answer.status_code == 204
