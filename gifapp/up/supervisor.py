"""Keeps the parts running: starts them in order, restarts what dies, stops in reverse order."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from gifapp import errors
from gifapp.up.child import Child

_log = structlog.get_logger()


@dataclass(frozen=True)
class Patience:
    """How often a part may die in a row, each time soon after its start."""

    deaths: int = 5
    young_s: float = 30
    first_delay_s: float = 0.5
    longest_delay_s: float = 10

    def delay_s(self, deaths: int) -> float:
        """How long to wait before the part that died `deaths` times in a row starts again."""
        return min(self.longest_delay_s, self.first_delay_s * 2.0 ** (deaths - 1))


@dataclass
class _Kept:
    child: Child
    deaths: int = 0
    start_at: float | None = None  # set while it waits for its next start


@dataclass
class Supervisor:
    """Runs stages of children, one stage after the other, until `stopping` says so.

    Everything happens in the thread that calls `run`: the children live as long as it does.
    """

    stages: Sequence[Sequence[Child]]
    stopping: Callable[[], bool]
    patience: Patience = field(default_factory=Patience)

    def run(self, *, on_ready: Callable[[], None], every_s: float = 0.2) -> None:
        """Start everything, call `on_ready`, keep it running; returns when all has ended.

        Raises:
            errors.ServerFailed: a part did not start, or died again and again.
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
        kept = [_Kept(child) for stage in self.stages for child in stage]
        while not self.stopping():
            for one in kept:
                self._restart_if_dead(one)
            time.sleep(every_s)

    def _restart_if_dead(self, kept: _Kept) -> None:
        if not kept.child.has_ended:
            return
        if kept.start_at is None:
            kept.start_at = time.monotonic() + self._delay_after_death(kept)
        if time.monotonic() >= kept.start_at:
            kept.start_at = None
            kept.child.start()

    def _delay_after_death(self, kept: _Kept) -> float:
        kept.deaths = kept.deaths + 1 if kept.child.age_s < self.patience.young_s else 1
        reason = kept.child.last_words()
        if kept.deaths >= self.patience.deaths:
            raise errors.ServerKeepsFailing(program=kept.child.part.name, times=kept.deaths, reason=reason)
        delay_s = self.patience.delay_s(kept.deaths)
        _log.warning("a part died", part=kept.child.part.name, reason=reason, again_in_s=delay_s)
        return delay_s

    def _stop(self) -> None:
        for stage in reversed(self.stages):
            for child in reversed(stage):
                child.stop()
