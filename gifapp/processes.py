"""Child processes that never outlive us: their own group, a parent-death signal, limits, a firm stop."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class ProcessLimits:
    """rlimits of one child; None leaves a limit as it is."""

    memory_bytes: int | None = None
    cpu_s: int | None = None
    file_bytes: int | None = None
    nice: int = 0


def spawn(
    argv: Sequence[str], *, limits: ProcessLimits | None = None, dies_with_parent: bool = True, **popen: Any
) -> subprocess.Popen[Any]:
    """Start `argv` in a process group of its own.

    The kernel kills the child when the *thread* that called this ends, `kill -9` included (Linux
    only): call it from a thread that lives as long as the child should.
    """
    prepare = _preparation(os.getpid(), limits or ProcessLimits(), dies_with_parent)
    return subprocess.Popen(argv, start_new_session=True, preexec_fn=prepare, **popen)  # noqa: PLW1509


def environment_without_secrets() -> dict[str, str]:
    """Ours without gifapp's settings: for children that read what strangers sent."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIFAPP_")}


def stop(process: subprocess.Popen[Any], *, grace_s: float, sig: int = signal.SIGTERM) -> int:
    """Ask the child to end, wait, then kill its whole group; returns its exit status."""
    if process.poll() is None:
        process.send_signal(sig)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace_s)
    kill_group(process.pid)
    return process.wait()


def kill_group(leader_pid: int) -> None:
    """Kill every process of the group that `leader_pid` leads, if any is left."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader_pid, signal.SIGKILL)


def wait_until(condition: Callable[[], bool], *, timeout_s: float, every_s: float = 0.02) -> bool:
    """Whether `condition` became true in time."""
    end = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() >= end:
            return False
        time.sleep(every_s)
    return True


def die_with_parent(parent_pid: int) -> None:
    """Have the kernel kill this process when its parent's thread ends."""
    if _libc is None:
        return
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:  # it died before the line above
        os._exit(1)


def apply_limits(limits: ProcessLimits) -> None:
    """Bound this process and its children; a bound that holds already is never loosened."""
    for kind, most in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        if most is not None:
            _, hardest = resource.getrlimit(kind)
            bound = most if hardest == resource.RLIM_INFINITY else min(most, hardest)
            # past the soft limit of CPU time comes SIGXCPU, which says why; past the hard one SIGKILL
            soft = bound - 1 if kind == resource.RLIMIT_CPU and bound > 1 else bound
            resource.setrlimit(kind, (soft, bound))
    if limits.nice:
        os.nice(limits.nice)


def _preparation(parent_pid: int, limits: ProcessLimits, dies_with_parent: bool) -> Callable[[], None]:
    # runs between fork and exec: nothing here may import or take a lock
    def prepare() -> None:
        if dies_with_parent:
            die_with_parent(parent_pid)
        apply_limits(limits)

    return prepare
