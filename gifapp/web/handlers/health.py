"""Health: whether we are alive, and whether everything we depend on is."""

from __future__ import annotations

from typing import ClassVar

from gifapp.domain.views.jobs import AliveView, ReadyView
from gifapp.web.http.base import BaseHandler
from gifapp.web.http.operations import operation


class _FreeHandler(BaseHandler):
    limited_as: ClassVar = {"GET": None}


class LiveHandler(_FreeHandler):
    @operation("Liveness: this process responds")
    async def get(self) -> AliveView:
        return AliveView()


class ReadyHandler(_FreeHandler):
    @operation(
        "Readiness: Redis, MongoDB and storage respond", also={503: "At least one of them is unreachable."}
    )
    async def get(self) -> ReadyView:
        results = await self.parts.readiness.results()
        problems = {name: result.problem for name, result in results.items() if result.problem}
        self.set_status(503 if problems else 200)
        return ReadyView(
            status="unavailable" if problems else "ok",
            checks={name: "unreachable" if name in problems else "ok" for name in results},
            latency_ms={name: result.latency_ms for name, result in results.items()},
            problems=problems,
        )
