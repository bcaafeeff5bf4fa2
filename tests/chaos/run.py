"""One run: the service, people who use it, a storm over both, and the audit when all has settled."""

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from gifapp.processes import wait_until
from tests.chaos import report
from tests.chaos.audit import Audit
from tests.chaos.people import Ledger, Person
from tests.chaos.service import Service, running
from tests.chaos.storm import Storm, schedule
from tests.chaos.watch import Watch
from tests.clips import pattern
from tests.service import PASSWORD


@dataclass(frozen=True)
class Weather:
    """What a run is like."""

    name: str
    service: tuple[str, ...]
    jobs: int
    people: int
    workers: int
    lasts_s: float
    blows: Mapping[str, int]
    settles_s: float  # within so long after the storm


@dataclass(frozen=True)
class Outcome:
    """What was found wrong, by what it is; empty lists are good."""

    findings: dict[str, list[str]]
    text: str


def run(weather: Weather, seed: int, directory: Path) -> Outcome:
    """Everything, in a bounded time; nothing of it runs afterwards."""
    chance = random.Random(seed)  # noqa: S311
    with running(weather.service, directory, workers=f"{weather.workers}..{weather.workers}") as service:
        ledger = Ledger()
        people = _people(service, weather, ledger, _videos(directory), chance)
        storm = Storm(service, ledger, chance)
        with Watch(service.mongodb_url, lambda: len(service.workers())) as watch:
            _live_through(storm, people, schedule(weather.blows, lasts_s=weather.lasts_s, chance=chance))
            calm_at = time.monotonic()
            audit = _settled(service, set(ledger.accepted.values()), weather.settles_s)
            settled_s = time.monotonic() - calm_at
        status, orphans = service.stop()
    accepted = set(ledger.accepted.values())
    findings = {
        "not accepted": [repr(error) for error in ledger.broken]
        + ["fewer than asked for"] * (len(accepted) != weather.jobs),
        "lost": audit.lost(accepted),
        "never asked for": audit.unasked(accepted),
        "completed twice": audit.completed_twice() + watch.changed,
        "orphan processes": [str(orphan) for orphan in orphans],
        "stray files": audit.strays(),
        "unclean stop": [] if status == 0 else [f"exit status {status}", service.printed.read_text()[-2000:]],
    }
    picture = report.draw(weather.name, watch.samples, storm.times)
    text = _report(weather, seed, storm, audit, findings, settled_s, picture)
    return Outcome(findings, text)


def _videos(directory: Path) -> list[bytes]:
    shapes = (("96x64", 1, 10), ("160x120", 2, 25), ("320x180", 3, 25))
    return [
        pattern(directory / f"{size}.mp4", size=size, seconds=seconds, fps=fps).read_bytes()
        for size, seconds, fps in shapes
    ]


def _people(
    service: Service, weather: Weather, ledger: Ledger, videos: list[bytes], chance: random.Random
) -> list[Person]:
    people = []
    for number in range(weather.people):
        email = f"person{number}@example.org"
        account = {"email": email, "password": PASSWORD, "setup_token": service.setup_token}
        httpx.post(f"{service.url}/api/v1/auth/register", json=account, timeout=30).raise_for_status()
        people.append(Person(service.url, email, videos, ledger, f"{chance.random()}"))
    for _ in range(weather.jobs):
        chance.choice(people).at_s.append(chance.uniform(0, weather.lasts_s))
    return people


def _live_through(storm: Storm, people: list[Person], blows: list) -> None:  # noqa: ANN001
    for person in people:
        person.began = time.monotonic()
        person.start()
    storm.rage(blows)
    for person in people:
        person.join()


def _settled(service: Service, accepted: set[str], timeout_s: float) -> Audit:
    """The audit once nothing is left to do, or all the time has passed."""
    last: list[Audit] = []

    def look() -> bool:
        last[:] = [Audit.of(service.mongodb_url, service.data_dir)]
        return not (last[0].unfinished() or last[0].strays())

    wait_until(look, timeout_s=timeout_s, every_s=0.25)
    return last[0]


def _report(weather, seed, storm, audit, findings, settled_s, picture) -> str:  # noqa: ANN001
    lines = [
        f"{weather.name}: {weather.jobs} jobs of {weather.people} people, {weather.workers} workers, "
        f"{weather.lasts_s:.0f} s of storm, seed {seed}",
        f"blows:            {report.counted(storm.dealt)} (nobody there to hit: {report.counted(storm.missed)})",
        f"people saw:       {report.counted(storm.ledger.troubles)}",
        *report.about_jobs(audit.jobs),
        f"settled {settled_s:.1f} s after the storm",
        ", ".join(f"{len(found)} {what}" for what, found in findings.items()),
        f"over time: {picture}",
    ]
    return "\n".join(lines)
