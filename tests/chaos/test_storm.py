"""The promises of docs/queue.md, while everything that can be killed is being killed."""

import os
import random
from pathlib import Path

import pytest

from tests.chaos.run import Weather, run
from tests.chaos.service import QUICK, REAL

SQUALL = Weather(
    name="squall",
    service=QUICK,
    jobs=30,
    people=3,
    workers=2,
    lasts_s=5,
    blows={
        "kill -9 a worker": 1,
        "SIGTERM a worker": 1,
        "freeze a worker past its lease": 1,
        "kill -9 a conversion": 2,
        "kill -9 the workers' supervisor": 1,
        "kill -9 redis": 1,
        "FLUSHALL": 1,
        "kill -9 mongod": 1,
        "kill -9 web in mid-upload": 1,
        "kill -9 web in mid-submit": 1,
    },
    freezes_s=4,
    settles_s=60,
    videos=("96x64", "160x120"),
)
HURRICANE = Weather(
    name="hurricane",
    service=REAL,
    jobs=300,
    people=5,
    workers=3,
    lasts_s=180,
    blows={
        "kill -9 a worker": 12,
        "SIGTERM a worker": 8,
        "freeze a worker past its lease": 4,
        "kill -9 a conversion": 15,
        "kill -9 the workers' supervisor": 3,
        "kill -9 redis": 4,
        "FLUSHALL": 4,
        "kill -9 mongod": 4,
        "kill -9 web in mid-upload": 2,
        "kill -9 web in mid-submit": 2,
    },
    freezes_s=40,
    settles_s=240,
    videos=("96x64", "160x120", "320x180"),
)


@pytest.mark.timeout(300)
def test_a_squall_loses_nothing_doubles_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    lives_through(SQUALL, seed=6880, directory=tmp_path)


@pytest.mark.chaos
@pytest.mark.timeout(900)
def test_a_hurricane_loses_nothing_doubles_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    seed = int(os.environ.get("CHAOS_SEED") or random.randrange(10**6))  # noqa: S311
    print(f"\nCHAOS_SEED={seed}", flush=True)  # noqa: T201
    lives_through(HURRICANE, seed=seed, directory=tmp_path)


def lives_through(weather: Weather, *, seed: int, directory: Path) -> None:
    outcome = run(weather, seed, directory)
    print(f"\n{outcome.text}")  # noqa: T201
    assert {what: found for what, found in outcome.findings.items() if found} == {}
    assert outcome.dealt > 2 * outcome.missed  # it was no breeze
