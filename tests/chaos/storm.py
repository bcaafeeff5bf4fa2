"""What befalls the service: blows of several kinds at random times, the same for the same seed."""

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

_WAIT_FOR_VICTIM_S = 3.0


class Blow(NamedTuple):
    at_s: float
    kind: str


def schedule(counts: Mapping[str, int], *, lasts_s: float, chance: random.Random) -> list[Blow]:
    """So many blows of each kind; those of one kind are spread out, for a part must live to be killed."""
    blows = [
        Blow(lasts_s * (number + chance.random()) / count, kind)
        for kind, count in counts.items()
        for number in range(count)
    ]
    return sorted(blows)


@dataclass
class Storm:
    """Deals the blows; `dealt` are those that hit somebody, by the monotonic clock."""

    service: Service
    ledger: Ledger
    chance: random.Random
    freezes_s: float
    dealt: list[Blow] = field(default_factory=list)
    missed: Counter[str] = field(default_factory=Counter)
    frozen: list[threading.Timer] = field(default_factory=list)

    def rage(self, blows: list[Blow]) -> None:
        before_s = 0.0
        for at_s, kind in blows:
            time.sleep(at_s - before_s)  # not less where the one before had to wait for its victim
            before_s = at_s
            if self._deal(kind):
                self.dealt.append(Blow(time.monotonic(), kind))
            else:
                self.missed[kind] += 1
        for thaw in self.frozen:
            thaw.join()

    def _deal(self, kind: str) -> bool:
        deals: dict[str, Callable[[], bool]] = {
            "kill -9 a worker": lambda: self._kill(self._awake),
            "SIGTERM a worker": self._ask_a_worker_to_leave,
            "freeze a worker past its lease": self._freeze_a_worker,
            "kill -9 a conversion": lambda: self._kill(self.service.conversions),
            "kill -9 the workers' supervisor": lambda: self._kill(lambda: self.service.part("workers")),
            "kill -9 redis": lambda: self._kill(lambda: self.service.part("valkey-server")),
            "FLUSHALL": self._wipe_redis,
            "kill -9 mongod": lambda: self._kill(lambda: self.service.part("mongod")),
            "kill -9 web in mid-upload": lambda: self._kill_web_during(self.ledger.uploads),
            "kill -9 web in mid-submit": lambda: self._kill_web_during(self.ledger.submits),
        }
        return deals[kind]()

    def _kill(self, victims: Callable[[], list[psutil.Process]]) -> bool:
        victim = self._one_of(victims)
        return victim is not None and _sent(victim.kill)

    def _ask_a_worker_to_leave(self) -> bool:
        victim = self._one_of(self._awake)
        return victim is not None and _sent(victim.terminate)

    def _awake(self) -> list[psutil.Process]:
        """The workers but the frozen: those shall wake up."""
        return [worker for worker in self.service.workers() if not _is_frozen(worker)]

    def _freeze_a_worker(self) -> bool:
        """Its conversion goes on; when it wakes up, its job is another's."""
        victim = self._one_of(self.service.busy_workers)
        if victim is None or not _sent(victim.suspend):
            return False
        self.frozen.append(threading.Timer(self.freezes_s, _sent, [victim.resume]))
        self.frozen[-1].start()
        return True

    def _kill_web_during(self, requests: InFlight) -> bool:
        web = self._one_of(lambda: self.service.part("web"))
        return web is not None and requests.wait_for_one(_WAIT_FOR_VICTIM_S) and _sent(web.kill)

    def _wipe_redis(self) -> bool:
        # it may be on its way back from the blow before
        return wait_until(self._wiped_redis, timeout_s=_WAIT_FOR_VICTIM_S, every_s=0.1)

    def _wiped_redis(self) -> bool:
        try:
            with redis.Redis.from_url(self.service.redis_url, socket_timeout=2) as client:
                return bool(client.flushall())
        except redis.RedisError:
            return False

    def _one_of(self, victims: Callable[[], list[psutil.Process]]) -> psutil.Process | None:
        found: list[psutil.Process] = []

        def look() -> bool:
            found[:] = victims()
            return bool(found)

        return self.chance.choice(found) if wait_until(look, timeout_s=_WAIT_FOR_VICTIM_S) else None


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
