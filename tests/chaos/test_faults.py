"""The guarantees of docs/queue.md hold while processes are killed at random."""

import os
import random
from pathlib import Path

import pytest

from tests.chaos.run import Scenario, run
from tests.chaos.service import QUICK, REAL

SHORT = Scenario(
    name="chaos-short",
    service=QUICK,
    jobs=30,
    people=3,
    workers=2,
    duration_s=5,
    faults={
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
    frozen_s=4,
    settle_s=60,
    videos=("96x64", "160x120"),
)
LONG = Scenario(
    name="chaos-long",
    service=REAL,
    jobs=300,
    people=5,
    workers=3,
    duration_s=180,
    faults={
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
    frozen_s=40,
    settle_s=240,
    videos=("96x64", "160x120", "320x180"),
)


@pytest.mark.timeout(300)
def test_short_chaos_run_loses_duplicates_and_leaks_nothing(tmp_path: Path) -> None:
    assert_survives(SHORT, seed=6880, directory=tmp_path)


@pytest.mark.chaos
@pytest.mark.timeout(900)
def test_long_chaos_run_loses_duplicates_and_leaks_nothing(tmp_path: Path) -> None:
    seed = int(os.environ.get("CHAOS_SEED") or random.randrange(10**6))  # noqa: S311
    print(f"\nCHAOS_SEED={seed}", flush=True)  # noqa: T201
    assert_survives(LONG, seed=seed, directory=tmp_path)


def assert_survives(scenario: Scenario, *, seed: int, directory: Path) -> None:
    outcome = run(scenario, seed, directory)
    print(f"\n{outcome.text}")  # noqa: T201
    assert {kind: violations for kind, violations in outcome.findings.items() if violations} == {}
    assert outcome.injected > 2 * outcome.missed  # most faults had a target
