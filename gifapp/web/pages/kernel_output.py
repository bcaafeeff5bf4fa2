"""What kernels print: lines of our log, redacted and counted like all others, so that no kernel fills it."""

from __future__ import annotations

import asyncio
import logging
import os
from io import FileIO

_PIPE_BYTES = 65_536
_MOST_LETTERS = 4000  # of what is printed at once

_log = logging.getLogger(__name__)


class KernelOutput:
    """A pipe whose one end is for a kernel to print to; close our copy of it once the kernel has it."""

    def __init__(self, kernel_id: str) -> None:
        self._line = f"kernel {kernel_id} printed: %s"  # so that `logs.Repeats` counts each kernel by itself
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        self._reading, self.kernel_end = FileIO(reading), FileIO(writing, "w")
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._reading, self._copy)

    def close(self) -> None:
        """Log what is left, and listen no more."""
        self.kernel_end.close()
        if not self._reading.closed:
            self._copy()
        self._stop()

    def _copy(self) -> None:
        printed = self._reading.read(_PIPE_BYTES)
        if printed:
            _log.warning(self._line, printed.decode(errors="replace").rstrip()[:_MOST_LETTERS])
        elif printed is not None:  # nobody can print any more
            self._stop()

    def _stop(self) -> None:
        if not self._reading.closed:
            self._loop.remove_reader(self._reading)
            self._reading.close()
