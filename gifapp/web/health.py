"""Whether we live, and whether everything we stand on does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import ClassVar

from gifapp.domain.views import AliveView, Answers, ReadyView
from gifapp.web.base import BaseHandler
from gifapp.web.operations import operation

_PATIENCE_S = 5.0

_log = logging.getLogger(__name__)


class _FreeHandler(BaseHandler):
    limited_as: ClassVar = {"GET": None}


class LiveHandler(_FreeHandler):
    @operation("This process answers")
    async def get(self) -> AliveView:
        return AliveView()


class ReadyHandler(_FreeHandler):
    @operation("Each server we need", also={503: "One is unreachable."})
    async def get(self) -> ReadyView:
        names = list(self.parts.checks)
        states = await asyncio.gather(*(self._state(name, self.parts.checks[name]) for name in names))
        ready = all(state == "ok" for state in states)
        self.set_status(200 if ready else 503)
        return ReadyView(
            status="ok" if ready else "unavailable", checks=dict(zip(names, states, strict=True))
        )

    async def _state(self, name: str, check: Callable[[], object]) -> Answers:
        try:
            await asyncio.wait_for(self.run_blocking(check), _PATIENCE_S)
        except Exception as failed:  # noqa: BLE001  whatever it is, the answer is the same
            _log.warning("%s is not ready: %s", name, type(failed).__name__)
            return "unreachable"
        return "ok"
