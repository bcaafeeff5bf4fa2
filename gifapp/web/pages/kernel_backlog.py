"""Buffers a kernel's messages while its page is disconnected, up to a limit."""

from __future__ import annotations

from typing import Any

import structlog
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

MAX_BYTES = 8_000_000

_log = structlog.get_logger()


class Backlog(list[tuple[str, list[Any]]]):
    """Messages with their channels; over the limit, dropped for good: an incomplete page needs a reload."""

    def __init__(self) -> None:
        super().__init__()
        self._left_bytes = MAX_BYTES

    def append(self, message: tuple[str, list[Any]]) -> None:
        self._left_bytes -= sum(len(part) for part in message[1])
        if self._left_bytes >= 0:
            super().append(message)
        elif self:
            _log.warning("kernel output dropped", messages=len(self))
            self.clear()


class PageKernelManager(AsyncMappingKernelManager):
    """Jupyter's manager with a limited backlog; Jupyter's own is unlimited."""

    def start_buffering(self, kernel_id: str, session_key: str, channels: Any) -> None:
        super().start_buffering(kernel_id, session_key, channels)  # type: ignore[no-untyped-call]
        if kernel_id in self._kernel_buffers:
            self._kernel_buffers[kernel_id]["buffer"] = Backlog()
