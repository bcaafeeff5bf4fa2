"""Checks the servers that we depend on, once for all concurrent requests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

import structlog

from gifapp import errors
from gifapp.web.traffic.fair_pool import FairPool

_PATIENCE_S = 5.0
_OWNER = "readiness"  # of the pool's slots, so that no client's requests delay the checks

_log = structlog.get_logger()


class CheckResult(NamedTuple):
    latency_ms: float
    problem: str  # empty if there is none


class Readiness:
    """Runs `checks`, which raise an error if a server is unreachable.

    Anybody may ask as often as they like: whoever asks while the checks run shares their results.
    """

    def __init__(self, checks: Mapping[str, Callable[[], object]], pool: FairPool) -> None:
        self._checks = checks
        self._pool = pool
        self._running: asyncio.Task[dict[str, CheckResult]] | None = None

    async def results(self) -> dict[str, CheckResult]:
        """The result of each check, by name."""
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return await asyncio.shield(self._running)  # a client that disconnects must not cancel it for others

    async def _run(self) -> dict[str, CheckResult]:
        results = await asyncio.gather(*map(self._check, self._checks))
        return dict(zip(self._checks, results, strict=True))

    async def _check(self, name: str) -> CheckResult:
        begin_s, problem = time.perf_counter(), ""
        try:
            await asyncio.wait_for(self._pool.run(_OWNER, self._checks[name]), _PATIENCE_S)
        except Exception as failed:  # noqa: BLE001  any failure means: not ready
            _log.warning("dependency not ready", dependency=name, error=type(failed).__name__)
            problem = str(failed) if isinstance(failed, errors.GifappError) else "It does not respond."
        return CheckResult(round(1000 * (time.perf_counter() - begin_s), 1), problem)
