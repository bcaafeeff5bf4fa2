"""Injects faults of several kinds at random times; the same seed gives the same schedule."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

import psutil
import redis

from gifapp.processes import wait_until
from tests.chaos.people import InFlight, Ledger
from tests.chaos.service import Service

_WAIT_FOR_TARGET_S = 3.0


class Fault(NamedTuple):
    at_s: float
    kind: str


def schedule(counts: Mapping[str, int], *, duration_s: float, chance: random.Random) -> list[Fault]:
    """Schedule the faults of each kind; spread them out, so that a part is up again before it is killed."""
    faults = [
        Fault(duration_s * (number + chance.random()) / count, kind)
        for kind, count in counts.items()
        for number in range(count)
    ]
    return sorted(faults)


@dataclass
class FaultInjector:
    """Injects the faults; `injected` are those that had a target, with monotonic times."""

    service: Service
    ledger: Ledger
    chance: random.Random
    frozen_s: float
    injected: list[Fault] = field(default_factory=list)
    missed: Counter[str] = field(default_factory=Counter)
    frozen: list[threading.Timer] = field(default_factory=list)

    def inject(self, faults: list[Fault]) -> None:
        before_s = 0.0
        for at_s, kind in faults:
            time.sleep(at_s - before_s)  # later if the previous fault had to wait for a target
            before_s = at_s
            if self._inject(kind):
                self.injected.append(Fault(time.monotonic(), kind))
            else:
                self.missed[kind] += 1
        for thaw in self.frozen:
            thaw.join()

    def _inject(self, kind: str) -> bool:
        kinds: dict[str, Callable[[], bool]] = {
            "kill -9 a worker": lambda: self._kill(self._running_workers),
            "SIGTERM a worker": self._terminate_a_worker,
            "freeze a worker past its lease": self._freeze_a_worker,
            "kill -9 a conversion": lambda: self._kill(self.service.conversions),
            "kill -9 the workers' supervisor": lambda: self._kill(lambda: self.service.part("workers")),
            "kill -9 redis": lambda: self._kill(lambda: self.service.part("valkey-server")),
            "FLUSHALL": self._wipe_redis,
            "kill -9 mongod": lambda: self._kill(lambda: self.service.part("mongod")),
            "kill -9 web in mid-upload": lambda: self._kill_web_during(self.ledger.uploads),
            "kill -9 web in mid-submit": lambda: self._kill_web_during(self.ledger.submits),
        }
        return kinds[kind]()

    def _kill(self, targets: Callable[[], list[psutil.Process]]) -> bool:
        target = self._choose(targets)
        return target is not None and _sent(target.kill)

    def _terminate_a_worker(self) -> bool:
        target = self._choose(self._running_workers)
        return target is not None and _sent(target.terminate)

    def _running_workers(self) -> list[psutil.Process]:
        """The workers that are not frozen; frozen ones must resume."""
        return [worker for worker in self.service.workers() if not _is_frozen(worker)]

    def _freeze_a_worker(self) -> bool:
        """Suspend a worker; its conversion continues, and when it resumes, another worker owns its job."""
        target = self._choose(self.service.busy_workers)
        if target is None or not _sent(target.suspend):
            return False
        self.frozen.append(threading.Timer(self.frozen_s, _sent, [target.resume]))
        self.frozen[-1].start()
        return True

    def _kill_web_during(self, requests: InFlight) -> bool:
        web = self._choose(lambda: self.service.part("web"))
        return web is not None and requests.wait_for_any(_WAIT_FOR_TARGET_S) and _sent(web.kill)

    def _wipe_redis(self) -> bool:
        # Redis may still be restarting after the previous fault
        return wait_until(self._wiped_redis, timeout_s=_WAIT_FOR_TARGET_S, every_s=0.1)

    def _wiped_redis(self) -> bool:
        try:
            with redis.Redis.from_url(self.service.redis_url, socket_timeout=2) as client:
                return bool(client.flushall())
        except redis.RedisError:
            return False

    def _choose(self, targets: Callable[[], list[psutil.Process]]) -> psutil.Process | None:
        candidates: list[psutil.Process] = []

        def look() -> bool:
            candidates[:] = targets()
            return bool(candidates)

        return self.chance.choice(candidates) if wait_until(look, timeout_s=_WAIT_FOR_TARGET_S) else None


def _is_frozen(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.status() == psutil.STATUS_STOPPED
    return False


def _sent(signal: Callable[[], None]) -> bool:
    try:
        signal()
    except psutil.NoSuchProcess:
        return False
    return True
