"""Health: whether we are alive, and whether everything we depend on is."""

from __future__ import annotations

import asyncio
import time
from typing import ClassVar, NamedTuple

import structlog

from gifapp import errors
from gifapp.domain.views.jobs import AliveView, ReadyView
from gifapp.web.http.base import BaseHandler
from gifapp.web.http.operations import operation

_PATIENCE_S = 5.0

_log = structlog.get_logger()


class _FreeHandler(BaseHandler):
    limited_as: ClassVar = {"GET": None}


class LiveHandler(_FreeHandler):
    @operation("Liveness: this process responds")
    async def get(self) -> AliveView:
        return AliveView()


class ReadyHandler(_FreeHandler):
    @operation("Readiness: Redis, MongoDB and storage respond", also={503: "One is unreachable."})
    async def get(self) -> ReadyView:
        names = list(self.parts.services.checks)
        results = dict(zip(names, await asyncio.gather(*(self._look(name) for name in names)), strict=True))
        problems = {name: result.problem for name, result in results.items() if result.problem}
        self.set_status(503 if problems else 200)
        return ReadyView(
            status="unavailable" if problems else "ok",
            checks={name: "unreachable" if name in problems else "ok" for name in names},
            latency_ms={name: result.latency_ms for name, result in results.items()},
            problems=problems,
        )

    async def _look(self, name: str) -> _Result:
        begin_s, problem = time.perf_counter(), ""
        try:
            await asyncio.wait_for(self.run_blocking(self.parts.services.checks[name]), _PATIENCE_S)
        except Exception as failed:  # noqa: BLE001  any failure means: not ready
            _log.warning("dependency not ready", dependency=name, error=type(failed).__name__)
            problem = str(failed) if isinstance(failed, errors.GifappError) else "It does not respond."
        return _Result(round(1000 * (time.perf_counter() - begin_s), 1), problem)


class _Result(NamedTuple):
    latency_ms: float
    problem: str  # empty if there is none
