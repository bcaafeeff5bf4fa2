"""Supervises the parts: starts them in order, restarts those that die, stops them in reverse order."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from gifapp import errors
from gifapp.backoff import Backoff, RestartDelay
from gifapp.up.child import Child

_log = structlog.get_logger()

_RESTARTS = Backoff(first_s=0.5, longest_s=10)


@dataclass(frozen=True)
class CrashLimit:
    """How many times in a row a part may die soon after its start."""

    deaths: int = 5
    young_s: float = 30
    restarts: Backoff = _RESTARTS


@dataclass
class _Supervised:
    child: Child
    restart: RestartDelay
    is_waiting: bool = False  # for its next start


@dataclass
class Supervisor:
    """Starts the stages of children one after another, and keeps them running until `stopping` returns True.

    Everything happens in the thread that calls `run`; the children die with that thread.
    """

    stages: Sequence[Sequence[Child]]
    stopping: Callable[[], bool]
    crash_limit: CrashLimit = field(default_factory=CrashLimit)

    def run(self, *, on_ready: Callable[[], None], every_s: float = 0.2) -> None:
        """Start everything, call `on_ready`, and keep it running; returns when everything has stopped.

        Raises:
            errors.ServerFailed: a part did not start, or kept dying.
        """
        try:
            self._start()
            if not self.stopping():
                on_ready()
            self._watch(every_s)
        finally:
            self._stop()

    def _start(self) -> None:
        for stage in self.stages:
            for child in stage:
                if not self.stopping():
                    child.start()
            for child in stage:
                child.wait_until_ready(give_up=self.stopping)

    def _watch(self, every_s: float) -> None:
        parts = [
            _Supervised(child, RestartDelay(self.crash_limit.restarts, young_s=self.crash_limit.young_s))
            for stage in self.stages
            for child in stage
        ]
        while not self.stopping():
            for part in parts:
                self._restart_if_dead(part)
            time.sleep(every_s)

    def _restart_if_dead(self, part: _Supervised) -> None:
        if not part.child.has_ended:
            return
        if not part.is_waiting:
            self._note_death(part)
        if part.restart.is_over:
            part.is_waiting = False
            part.child.start()

    def _note_death(self, part: _Supervised) -> None:
        delay_s = part.restart.note_death(age_s=part.child.age_s)
        name, reason = part.child.part.name, part.child.failure_reason()
        if part.restart.young_deaths >= self.crash_limit.deaths:
            raise errors.ServerKeepsFailing(program=name, times=part.restart.young_deaths, reason=reason)
        _log.warning("part died", part=name, reason=reason, restart_in_s=delay_s)
        part.is_waiting = True

    def _stop(self) -> None:
        for stage in reversed(self.stages):
            for child in reversed(stage):
                child.stop()
