"""Rolling upgrades as docs/deployment.md promises: no request fails and no conversion is interrupted."""

import random
import time
from pathlib import Path
from typing import Any

import httpx
import pymongo
import pytest

from gifapp.domain.job import JobState
from gifapp.processes import wait_until
from tests.chaos.people import Ledger, Person
from tests.chaos.rolling import Restart, Team, restart_all, team
from tests.support.clips import pattern
from tests.support.service import PASSWORD

_PEOPLE, _JOBS, _LASTS_S = 6, 90, 40.0


@pytest.mark.chaos
@pytest.mark.timeout(600)
def test_rolling_restart_fails_no_request_and_interrupts_no_job(tmp_path: Path) -> None:
    videos = [
        pattern(tmp_path / f"{size}.mp4", size=size, seconds=seconds).read_bytes()
        for size, seconds in (("320x180", 4), ("640x360", 10))
    ]
    ledger = Ledger()
    (tmp_path / "team").mkdir()
    with team(tmp_path / "team") as running:
        people = [signed_up(running, number, ledger, videos) for number in range(_PEOPLE)]
        chance = random.Random(_JOBS)  # noqa: S311
        for _ in range(_JOBS):
            chance.choice(people).at_s.append(chance.uniform(0, _LASTS_S))
        for person in people:
            person.began = time.monotonic()
            person.start()
        restarts = restart_all(running, ledger)
        for person in people:
            person.join()
        jobs = settled(running)
    tell(restarts, jobs)
    assert not ledger.broken
    assert len(ledger.accepted) == _JOBS == len(jobs)
    assert {job["state"] for job in jobs} == {JobState.SUCCEEDED}
    assert [job["_id"] for job in jobs if (job["attempts"], job["token"]) != (1, 1)] == []
    retries = {restart.what: dict(restart.retries) for restart in restarts}
    assert (retries["web servers"], retries["workers"], retries["Redis"]) == ({}, {}, {})


def signed_up(running: Team, number: int, ledger: Ledger, videos: list[bytes]) -> Person:
    email = f"person{number}@example.org"
    account = {"email": email, "password": PASSWORD, "setup_token": running.setup_token}
    httpx.post(f"{running.url}/api/v1/auth/register", json=account, timeout=30).raise_for_status()
    return Person(running.url, email, videos, ledger)


def settled(running: Team) -> list[dict[str, Any]]:
    """All jobs, once every one has ended."""
    with pymongo.MongoClient[dict[str, Any]](running.urls["GIFAPP_MONGODB_URL"]) as client:
        jobs = client.get_default_database()["jobs"]
        waiting = {"state": {"$in": [JobState.QUEUED, JobState.RUNNING]}}
        assert wait_until(lambda: jobs.count_documents(waiting) == 0, timeout_s=180, every_s=0.5)
        return list(jobs.find())


def tell(restarts: list[Restart], jobs: list[dict[str, Any]]) -> None:
    interrupted = sum((job["attempts"], job["token"]) != (1, 1) for job in jobs)
    print(f"\n{len(jobs)} jobs, {interrupted} interrupted")  # noqa: T201
    for restart in restarts:
        print(f"{restart.what:10} restarted in {restart.took_s:4.1f} s; retries: {dict(restart.retries)}")  # noqa: T201
