"""Whether we live, and whether everything we stand on does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import ClassVar

from gifapp.web.base import BaseHandler

_PATIENCE_S = 5.0

_log = logging.getLogger(__name__)


class _FreeHandler(BaseHandler):
    limited_as: ClassVar = {"GET": None}


class LiveHandler(_FreeHandler):
    """`GET`: this process answers."""

    async def get(self) -> None:
        self.write({"status": "ok"})


class ReadyHandler(_FreeHandler):
    """`GET`: each server we need, `ok` or `unreachable`; 503 when one is."""

    async def get(self) -> None:
        names = list(self.parts.checks)
        states = await asyncio.gather(*(self._state(name, self.parts.checks[name]) for name in names))
        ready = all(state == "ok" for state in states)
        self.set_status(200 if ready else 503)
        status = "ok" if ready else "unavailable"
        self.write({"status": status, "checks": dict(zip(names, states, strict=True))})

    async def _state(self, name: str, check: Callable[[], object]) -> str:
        try:
            await asyncio.wait_for(self.run_blocking(check), _PATIENCE_S)
        except Exception as failed:  # noqa: BLE001  whatever it is, the answer is the same
            _log.warning("%s is not ready: %s", name, type(failed).__name__)
            return "unreachable"
        return "ok"
