"""Logs what kernels print, redacted and rate-limited, so that no kernel can flood the log."""

from __future__ import annotations

import asyncio
import os
from io import FileIO

import structlog

_PIPE_BYTES = 65_536
_MAX_LETTERS = 4000  # characters logged per read

_log = structlog.get_logger()


class KernelOutput:
    """A pipe for a kernel's output; close our copy of `kernel_end` once the kernel has inherited it."""

    def __init__(self, kernel_id: str) -> None:
        self._event = f"kernel {kernel_id} printed"  # so that `logs.Repeats` counts each kernel separately
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        self._reading, self.kernel_end = FileIO(reading), FileIO(writing, "w")
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._reading, self._copy)

    def close(self) -> None:
        """Log the remaining output, and stop reading."""
        self.kernel_end.close()
        if not self._reading.closed:
            self._copy()
        self._stop()

    def _copy(self) -> None:
        printed = self._reading.read(_PIPE_BYTES)
        if printed:
            _log.warning(self._event, output=printed.decode(errors="replace").rstrip()[:_MAX_LETTERS])
        elif printed is not None:  # end of file: every writer has closed the pipe
            self._stop()

    def _stop(self) -> None:
        if not self._reading.closed:
            self._loop.remove_reader(self._reading)
            self._reading.close()
