"""One chaos run: the service, its users, the faults, and the audit once everything has settled."""

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
from tests.chaos.faults import Fault, FaultInjector, schedule
from tests.chaos.people import Ledger, Person
from tests.chaos.sampler import Sampler
from tests.chaos.service import Service, running
from tests.support.clips import pattern
from tests.support.service import PASSWORD

_START_S = 60.0
_FIRST_JOB_S = 10.0


@dataclass(frozen=True)
class Scenario:
    """The parameters of a run."""

    name: str
    service: tuple[str, ...]
    jobs: int
    people: int
    workers: int
    duration_s: float
    faults: Mapping[str, int]
    frozen_s: float  # long enough that the sweep takes its job back
    settle_s: float  # the time allowed after the last fault
    videos: tuple[str, ...]  # their picture sizes

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.jobs} jobs of {self.people} people, "
            f"{self.workers} workers, {self.duration_s:.0f} s of faults"
        )


@dataclass(frozen=True)
class Outcome:
    """The violations by kind (none is good), and how many faults were injected or had no target."""

    findings: dict[str, list[str]]
    injected: int
    missed: int
    text: str


def run(scenario: Scenario, seed: int, directory: Path) -> Outcome:
    """Run the whole scenario in bounded time; no process outlives it."""
    chance = random.Random(seed)  # noqa: S311
    with running(scenario.service, directory, workers=f"{scenario.workers}..{scenario.workers}") as service:
        injector = FaultInjector(service, Ledger(), chance, frozen_s=scenario.frozen_s)
        with Sampler(service.mongodb_url, lambda: len(service.workers())) as sampler:
            people = _people(service, scenario, injector.ledger, _videos(directory, scenario.videos))
            assert wait_until(lambda: sampler.workers_ready == scenario.workers, timeout_s=_START_S)
            _run_users(
                injector, people, schedule(scenario.faults, duration_s=scenario.duration_s, chance=chance)
            )
            audit, settled_s = _settled(service, scenario.settle_s)
        findings = {**_violations(audit, injector.ledger, sampler, scenario), **_left_after_stop(service)}
    lines = [
        f"{scenario}, seed {seed}",
        *_about_faults(injector),
        *report.about_jobs(audit.jobs),
        f"settled {settled_s:.1f} s after the last fault: "
        + ", ".join(f"{len(violations)} {kind}" for kind, violations in findings.items()),
        f"over time:        {_drawn(scenario.name, injector, sampler)}",
    ]
    return Outcome(findings, len(injector.injected), injector.missed.total(), "\n".join(lines))


def _videos(directory: Path, sizes: tuple[str, ...]) -> list[bytes]:
    return [pattern(directory / f"{size}.mp4", size=size, seconds=2).read_bytes() for size in sizes]


def _people(service: Service, scenario: Scenario, ledger: Ledger, videos: list[bytes]) -> list[Person]:
    chance = random.Random(scenario.name)  # noqa: S311
    people = [_signed_up(service, number, ledger, videos) for number in range(scenario.people)]
    for _ in range(scenario.jobs):
        chance.choice(people).at_s.append(chance.uniform(0, scenario.duration_s))
    return people


def _signed_up(service: Service, number: int, ledger: Ledger, videos: list[bytes]) -> Person:
    email = f"person{number}@example.org"
    account = {"email": email, "password": PASSWORD, "setup_token": service.setup_token}
    httpx.post(f"{service.url}/api/v1/auth/register", json=account, timeout=30).raise_for_status()
    return Person(service.url, email, videos, ledger)


def _run_users(injector: FaultInjector, people: list[Person], faults: list[Fault]) -> None:
    for person in people:
        person.began = time.monotonic()
        person.start()
    wait_until(lambda: bool(injector.ledger.accepted), timeout_s=_FIRST_JOB_S)
    injector.inject(faults)
    for person in people:
        person.join()


def _settled(service: Service, timeout_s: float) -> tuple[Audit, float]:
    """Audit until nothing is left to do or the time is over; also returns how long that took."""
    calm_at = time.monotonic()
    audit = Audit.of(service.mongodb_url, service.data_dir)
    while (audit.unfinished() or audit.strays()) and time.monotonic() - calm_at < timeout_s:
        time.sleep(0.25)
        audit = Audit.of(service.mongodb_url, service.data_dir)
    return audit, time.monotonic() - calm_at


def _violations(audit: Audit, ledger: Ledger, sampler: Sampler, scenario: Scenario) -> dict[str, list[str]]:
    accepted = set(ledger.accepted.values())
    return {
        "refused": [repr(error) for error in ledger.broken],
        "not accepted": ["?"] * (scenario.jobs - len(accepted)),
        "lost": audit.lost(accepted),
        "duplicates": audit.duplicates(accepted),
        "completed twice": audit.completed_twice() + sampler.changed,
        "stray files": audit.strays(),
    }


def _left_after_stop(service: Service) -> dict[str, list[str]]:
    status, orphans = service.stop()
    return {
        "temporary files": service.temporary_files,
        "orphan processes": [str(orphan) for orphan in orphans],
        "unclean stop": [] if status == 0 else [f"status {status}: {service.printed.read_text()[-2000:]}"],
    }


def _about_faults(injector: FaultInjector) -> list[str]:
    return [
        f"faults:           {report.counted(Counter(fault.kind for fault in injector.injected))}",
        f"without target:      {report.counted(injector.missed)}",
        f"users retried:    {report.counted(injector.ledger.retries)}",
    ]


def _drawn(name: str, injector: FaultInjector, sampler: Sampler) -> Path:
    return report.draw(
        name, sampler.samples, [Fault(fault.at_s - sampler.began, fault.kind) for fault in injector.injected]
    )
