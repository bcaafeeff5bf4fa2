"""The cost of a command, including all processes that it starts."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Sequence
from typing import NamedTuple

import psutil


class Cost(NamedTuple):
    cpu_s: float
    wall_s: float
    memory_bytes: int

    def __add__(self, then: Cost) -> Cost:  # type: ignore[override]
        """The cost of two commands, run one after the other."""
        memory_bytes = max(self.memory_bytes, then.memory_bytes)
        return Cost(self.cpu_s + then.cpu_s, self.wall_s + then.wall_s, memory_bytes)

    def least(self, other: Cost) -> Cost:
        """The lower of each figure, because other load only ever adds."""
        return Cost(
            min(self.cpu_s, other.cpu_s),
            min(self.wall_s, other.wall_s),
            min(self.memory_bytes, other.memory_bytes),
        )


def run(argv: Sequence[str]) -> Cost:
    """Run one command to its end; CPU includes every process that it waited for."""
    begin = time.perf_counter()
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    watch = _MemoryWatch(process.pid)
    watch.start()
    _, status, used = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    watch.join()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(argv))
    return Cost(used.ru_utime + used.ru_stime, wall_s, watch.peak_bytes)


class _MemoryWatch(threading.Thread):
    """Samples the total memory of the process and its descendants every 20 ms."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._process = psutil.Process(pid)
        self.peak_bytes = 0

    def run(self) -> None:
        try:
            while True:
                family = [self._process, *self._process.children(recursive=True)]
                self.peak_bytes = max(self.peak_bytes, sum(process.memory_info().rss for process in family))
                time.sleep(0.02)
        except psutil.NoSuchProcess:
            # a child ended in between: continue unless the parent has ended, too
            if self._process.is_running():
                self.run()
