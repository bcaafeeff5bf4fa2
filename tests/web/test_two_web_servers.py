"""Two web server processes on one Redis and one MongoDB share their limits."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.web.visitors import PASSWORD

_SERVE = "import sys; from tests.web.visitors import serve; serve(*sys.argv[1:])"
RATES = {"reads": "8/hour", "login_by_account": "6/hour"}
ADA = {"email": "ada@example.org", "password": PASSWORD}


@contextmanager
def running(*words: str) -> Iterator[tuple[str, str]]:
    """The server's URL, and the setup token of the first account."""
    argv = [sys.executable, "-c", _SERVE, *words]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        assert process.stdout
        match = re.search(r"(http\S+)/\?setup=(\S+)", process.stdout.readline())
        assert match
        yield match[1], match[2]
        process.kill()


@pytest.fixture
def tiers(mongodb_url: str, redis_url: str, tmp_path: Path) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """One client for each server; Ada has an account."""
    words = (mongodb_url, redis_url, (tmp_path / "storage").as_uri(), json.dumps(RATES))
    with ExitStack() as stack:
        addresses = [stack.enter_context(running(*words)) for _ in range(2)]
        first, second = (
            stack.enter_context(httpx.Client(base_url=f"{url}/api/v1", timeout=20)) for url, _ in addresses
        )
        first.post("/auth/register", json=ADA | {"setup_token": addresses[0][1]}).raise_for_status()
        yield first, second


def test_rate_limit_is_shared(tiers: tuple[httpx.Client, httpx.Client]) -> None:
    token = tiers[0].post("/auth/login", json=ADA).raise_for_status().json()["access_token"]
    answers = [
        tiers[number % 2].get("/me", headers={"Authorization": f"Bearer {token}"}) for number in range(10)
    ]
    assert [answer.status_code for answer in answers] == [200] * 8 + [429] * 2
    assert all(1 <= int(answer.headers["Retry-After"]) <= 3600 for answer in answers[8:])


def test_password_guesses_are_counted_together(tiers: tuple[httpx.Client, httpx.Client]) -> None:
    guess = ADA | {"password": "not that one at all"}
    statuses = [tiers[number % 2].post("/auth/login", json=guess).status_code for number in range(8)]
    assert statuses[:5] == [401] * 5
    assert set(statuses[6:]) == {429}
    assert [tier.post("/auth/login", json=ADA).status_code for tier in tiers] == [429, 429]
