"""Rate limits: one window for all web processes, and behaviour without Redis."""

import asyncio
import contextlib
import dataclasses
import socket
import time
from collections.abc import Iterator
from typing import get_args

import httpx
import pytest

from gifapp import errors
from gifapp.domain.rates import Rates, RequestKind
from gifapp.identity import circuit
from gifapp.identity.request_limits import RequestLimits
from gifapp.identity.throttle import Throttle
from gifapp.web.http.context import Parts
from tests.web.api.conftest import SignUp, is_problem

HERE = "203.0.113.7"
DEAD = "redis://127.0.0.1:1/0"


@pytest.fixture
def parts(parts: Parts, redis_url: str) -> Parts:
    rates = Rates(**dict.fromkeys(get_args(RequestKind), "2/minute"))
    return dataclasses.replace(parts, request_limits=RequestLimits(redis_url, rates))


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A Redis that accepts connections but never responds."""
    monkeypatch.setattr(circuit, "REST_S", 3600)
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        server.setblocking(False)
        yield server


@pytest.fixture
def silent_url(silent: socket.socket) -> str:
    return f"redis://127.0.0.1:{silent.getsockname()[1]}/0"


def new_connections(server: socket.socket) -> int:
    """The number of new connections since the last call."""
    count = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            server.accept()[0].close()
            count += 1
    return count


async def test_each_account_has_a_window_for_each_kind(sign_up: SignUp) -> None:
    ada, eve = sign_up("ada"), sign_up("eve")
    for _ in range(2):
        assert (await ada.http.delete("/api/v1/jobs/none")).status_code == 404
    answer = await ada.http.delete("/api/v1/jobs/none")
    problem = is_problem(answer, 429, "rate-limited")
    assert int(answer.headers["Retry-After"]) == problem["retry_after_s"] <= 60
    assert problem["detail"].startswith("Too many requests: the limit for making changes is 2 per minute.")
    assert (await ada.http.get("/api/v1/jobs")).status_code == 200
    assert (await ada.http.get("/api/v1/events")).status_code == 426  # of a kind with the same limit
    assert (await eve.http.delete("/api/v1/jobs/none")).status_code == 404


ACTIVITIES = {
    ("GET", "/api/v1/jobs"): "reading",
    ("HEAD", "/api/v1/jobs/none/gif"): "reading",
    ("POST", "/api/v1/jobs/none/cancel"): "making changes",
    ("POST", "/api/v1/sources"): "uploading videos",
    ("POST", "/api/v1/uploads"): "uploading videos",
    ("POST", "/api/v1/links"): "uploading videos",
    ("PATCH", "/api/v1/uploads/none"): "sending upload chunks",
    ("POST", "/api/v1/jobs"): "submitting jobs",
    ("POST", "/api/v1/jobs/none/retry"): "submitting jobs",
    ("GET", "/api/v1/events"): "opening event streams",
    ("GET", "/s/none"): "opening shared links",
}


async def test_expensive_requests_are_counted_separately(sign_up: SignUp) -> None:
    for number, ((method, path), activity) in enumerate(ACTIVITIES.items()):
        person = sign_up(f"person{number}")
        statuses = [(await person.http.request(method, path)).status_code for _ in range(2)]
        assert 429 not in statuses
        answer = await person.http.request(method, path)
        assert answer.status_code == 429
        assert method == "HEAD" or f"the limit for {activity} is" in answer.json()["detail"]


async def test_strangers_are_limited_by_address_and_refused_requests_count(
    stranger: httpx.AsyncClient,
) -> None:
    answers = [await stranger.delete("/api/v1/jobs/none") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 429]
    shown = [await stranger.get("/s/nothing") for _ in range(3)]
    assert [answer.status_code for answer in shown] == [404, 404, 429]


async def test_preflights_and_health_are_free(stranger: httpx.AsyncClient) -> None:
    for _ in range(4):
        assert (await stranger.options("/api/v1/jobs")).status_code == 204
        assert (await stranger.get("/health/live")).status_code == 200


async def test_event_streams_are_counted_when_they_open(sign_up: SignUp) -> None:
    ada = sign_up("ada")
    codes = [(await ada.http.get("/api/v1/events")).status_code for _ in range(3)]
    assert codes[-1] == 429
    assert 429 not in codes[:-1]


def test_two_processes_share_a_window(redis_url: str) -> None:
    first, second = (RequestLimits(redis_url, Rates(reads="2/minute")) for _ in range(2))
    first.count("reads", user_id="ada", address=HERE)
    second.count("reads", user_id="ada", address=HERE)
    with pytest.raises(errors.RateLimited):
        first.count("reads", user_id="ada", address=HERE)


def test_strangers_elsewhere_have_their_own_window(redis_url: str) -> None:
    limits = RequestLimits(redis_url, Rates(reads="1/minute"))
    for address in (HERE, "203.0.113.8", "2001:db8::1", "2001:db8:0:1::1"):
        limits.count("reads", user_id=None, address=address)
    for address in (HERE, "2001:db8::2"):
        with pytest.raises(errors.RateLimited):
            limits.count("reads", user_id=None, address=address)


def test_window_slides(redis_url: str) -> None:
    limits = RequestLimits(redis_url, Rates(reads="4/2 seconds"))

    def let_through() -> int:
        for number in range(9):
            try:
                limits.count("reads", user_id="ada", address=HERE)
            except errors.RateLimited:
                return number
        return 9

    assert let_through() == 4
    time.sleep(2.05)
    assert 0 < let_through() < 4  # the most recent requests still count


def test_fifty_reads_a_second_are_allowed_for_a_minute(redis_url: str) -> None:
    limits = RequestLimits(redis_url, Rates())
    for _ in range(3000):
        limits.count("reads", user_id="ada", address=HERE)


def test_without_redis_requests_pass_and_passwords_do_not(silent_url: str) -> None:
    for url in (DEAD, silent_url):
        RequestLimits(url, Rates(reads="1/minute")).count("reads", user_id="ada", address=HERE)
        with pytest.raises(errors.ServiceUnavailable):
            Throttle(url, Rates()).login("ada@example.org", HERE)
        with pytest.raises(errors.ServiceUnavailable):
            Throttle(url, Rates()).register(HERE)


def test_unresponsive_redis_is_waited_for_once(silent: socket.socket, silent_url: str) -> None:
    limits = RequestLimits(silent_url, Rates())
    limits.count("reads", user_id="ada", address=HERE)
    assert new_connections(silent) > 0
    for _ in range(100):
        limits.count("reads", user_id="ada", address=HERE)
    assert new_connections(silent) == 0


class TestWhileRedisHangs:
    @pytest.fixture
    def parts(self, parts: Parts, silent_url: str) -> Parts:
        return dataclasses.replace(parts, request_limits=RequestLimits(silent_url, Rates()))

    async def test_reads_continue(self, sign_up: SignUp, silent: socket.socket) -> None:
        ada = sign_up("ada")
        assert (await ada.http.get("/api/v1/jobs")).status_code == 200
        assert new_connections(silent) > 0
        answers = await asyncio.gather(*(ada.http.get("/api/v1/jobs") for _ in range(30)))
        assert {answer.status_code for answer in answers} == {200}
        assert new_connections(silent) == 0
