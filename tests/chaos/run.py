"""One run: the service, people who use it, a storm over both, and the audit when all has settled."""

import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from gifapp.processes import wait_until
from tests.chaos import report
from tests.chaos.audit import Audit
from tests.chaos.people import Ledger, Person
from tests.chaos.service import Service, running
from tests.chaos.storm import Blow, Storm, schedule
from tests.chaos.watch import Watch
from tests.support.clips import pattern
from tests.support.service import PASSWORD

_START_S = 60.0
_FIRST_JOB_S = 10.0


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
    freezes_s: float  # until the sweep has taken its job back
    settles_s: float  # within so long after the storm
    videos: tuple[str, ...]  # their sizes

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.jobs} jobs of {self.people} people, "
            f"{self.workers} workers, {self.lasts_s:.0f} s of storm"
        )


@dataclass(frozen=True)
class Outcome:
    """What was found wrong, by what it is: empty lists are good; and how many blows hit, and hit nobody."""

    findings: dict[str, list[str]]
    dealt: int
    missed: int
    text: str


def run(weather: Weather, seed: int, directory: Path) -> Outcome:
    """Everything, in a bounded time; nothing of it runs afterwards."""
    chance = random.Random(seed)  # noqa: S311
    with running(weather.service, directory, workers=f"{weather.workers}..{weather.workers}") as service:
        storm = Storm(service, Ledger(), chance, freezes_s=weather.freezes_s)
        with Watch(service.mongodb_url, lambda: len(service.workers())) as watch:
            people = _people(service, weather, storm.ledger, _videos(directory, weather.videos))
            assert wait_until(lambda: watch.workers_ready == weather.workers, timeout_s=_START_S)
            _live_through(storm, people, schedule(weather.blows, lasts_s=weather.lasts_s, chance=chance))
            audit, settled_s = _settled(service, weather.settles_s)
        findings = {**_found_in(audit, storm.ledger, watch, weather), **_left_after_stop(service)}
    lines = [
        f"{weather}, seed {seed}",
        *_about_storm(storm),
        *report.about_jobs(audit.jobs),
        f"settled {settled_s:.1f} s after the storm: "
        + ", ".join(f"{len(found)} {what}" for what, found in findings.items()),
        f"over time:        {_drawn(weather.name, storm, watch)}",
    ]
    return Outcome(findings, len(storm.dealt), storm.missed.total(), "\n".join(lines))


def _videos(directory: Path, sizes: tuple[str, ...]) -> list[bytes]:
    return [pattern(directory / f"{size}.mp4", size=size, seconds=2).read_bytes() for size in sizes]


def _people(service: Service, weather: Weather, ledger: Ledger, videos: list[bytes]) -> list[Person]:
    chance = random.Random(weather.name)  # noqa: S311
    people = [_signed_up(service, number, ledger, videos) for number in range(weather.people)]
    for _ in range(weather.jobs):
        chance.choice(people).at_s.append(chance.uniform(0, weather.lasts_s))
    return people


def _signed_up(service: Service, number: int, ledger: Ledger, videos: list[bytes]) -> Person:
    email = f"person{number}@example.org"
    account = {"email": email, "password": PASSWORD, "setup_token": service.setup_token}
    httpx.post(f"{service.url}/api/v1/auth/register", json=account, timeout=30).raise_for_status()
    return Person(service.url, email, videos, ledger)


def _live_through(storm: Storm, people: list[Person], blows: list[Blow]) -> None:
    for person in people:
        person.began = time.monotonic()
        person.start()
    wait_until(lambda: bool(storm.ledger.accepted), timeout_s=_FIRST_JOB_S)
    storm.rage(blows)
    for person in people:
        person.join()


def _settled(service: Service, timeout_s: float) -> tuple[Audit, float]:
    """The audit once nothing is left to do, or all the time has passed; and how much that was."""
    calm_at = time.monotonic()
    audit = Audit.of(service.mongodb_url, service.data_dir)
    while (audit.unfinished() or audit.strays()) and time.monotonic() - calm_at < timeout_s:
        time.sleep(0.25)
        audit = Audit.of(service.mongodb_url, service.data_dir)
    return audit, time.monotonic() - calm_at


def _found_in(audit: Audit, ledger: Ledger, watch: Watch, weather: Weather) -> dict[str, list[str]]:
    accepted = set(ledger.accepted.values())
    return {
        "refused": [repr(error) for error in ledger.broken],
        "not accepted": ["?"] * (weather.jobs - len(accepted)),
        "lost": audit.lost(accepted),
        "never asked for": audit.unasked(accepted),
        "completed twice": audit.completed_twice() + watch.changed,
        "stray files": audit.strays(),
    }


def _left_after_stop(service: Service) -> dict[str, list[str]]:
    status, orphans = service.stop()
    return {
        "temporary files": service.temporary_files,
        "orphan processes": [str(orphan) for orphan in orphans],
        "unclean stop": [] if status == 0 else [f"status {status}: {service.printed.read_text()[-2000:]}"],
    }


def _about_storm(storm: Storm) -> list[str]:
    return [
        f"blows:            {report.counted(Counter(blow.kind for blow in storm.dealt))}",
        f"hit nobody:       {report.counted(storm.missed)}",
        f"people saw:       {report.counted(storm.ledger.troubles)}",
    ]


def _drawn(name: str, storm: Storm, watch: Watch) -> Path:
    return report.draw(
        name, watch.samples, [Blow(blow.at_s - watch.began, blow.kind) for blow in storm.dealt]
    )
