"""Child processes that never outlive us: own process group, parent-death signal, limits, forced stop."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gifapp import confinement, offline
from gifapp.launcher import program

_PR_SET_PDEATHSIG = 1
_OPEN_FILES, _TASKS = 256, 256
_MANY_FILES = 65_536

surplus_nice: ContextVar[int] = ContextVar("surplus_nice", default=0)
"""The `nice` increment of processes spawned in this context, so that other people's work goes first."""

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class ProcessLimits:
    """What one child may use; None leaves a limit as it is.

    Attributes:
        memory_bytes: address space, used or not.
        data_bytes: private writable memory.
        tasks: processes and threads beyond those the machine runs when the child starts: the kernel counts
            per user, not per child, and does not limit root.
        is_offline: deny it new network connections.
    """

    memory_bytes: int | None = None
    data_bytes: int | None = None
    cpu_s: int | None = None
    file_bytes: int | None = None
    open_files: int | None = None
    tasks: int | None = None
    nice: int = 0
    is_offline: bool = False


def untrusted_file_limits(*, memory_bytes: int, cpu_s: int, file_bytes: int = 0) -> ProcessLimits:
    """The limits of a child that reads untrusted files."""
    return ProcessLimits(
        memory_bytes=memory_bytes,
        cpu_s=cpu_s,
        file_bytes=file_bytes,
        open_files=_OPEN_FILES,
        tasks=_TASKS,
        is_offline=True,
    )


def spawn(
    argv: Sequence[str],
    *,
    limits: ProcessLimits | None = None,
    readable: Iterable[Path] | None = None,
    dies_with_parent: bool = True,
    **popen: Any,
) -> subprocess.Popen[Any]:
    """Start `argv` in a process group of its own.

    With `readable` it can open no files but these, those in these folders, and its libraries, and can write
    none (`confinement`).

    The kernel kills the child when the calling *thread* ends, even by `kill -9` (Linux only): call it from
    a thread that lives as long as the child should.

    Raises:
        OSError: `argv` cannot be run.
    """
    limits = limits or ProcessLimits()
    limits = replace(limits, nice=limits.nice + surplus_nice.get())
    options = _options(limits, dies_with_parent=dies_with_parent)
    if readable is None:
        return program.start(options, argv, **popen)
    with confinement.ruleset([confinement.program(argv), *readable]) as rules:
        if rules is not None:
            options += ["-r", str(rules)]
            popen["pass_fds"] = [*popen.get("pass_fds", ()), rules]
        return program.start(options, argv, **popen)


_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}  # halves the CPU time of importing NumPy


def environment_without_secrets() -> dict[str, str]:
    """Our environment without gifapp's settings and keys, for children that read untrusted files."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("GIFAPP_", "AWS_"))}
    return ours | _ONE_THREAD


def stop(process: subprocess.Popen[Any], *, grace_s: float, sig: int = signal.SIGTERM) -> int:
    """Ask the child to end, wait up to `grace_s`, then kill its whole group; returns its exit status."""
    if process.poll() is None:
        process.send_signal(sig)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace_s)
    kill_group(process.pid)
    return process.wait()


def kill_group(leader_pid: int) -> None:
    """Kill every remaining process of the group that `leader_pid` leads."""
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
    if os.getppid() != parent_pid:  # the parent died before prctl took effect
        os._exit(1)


def apply_limits(limits: ProcessLimits) -> None:
    """Limit this process and its children; existing limits are never raised."""
    for kind, soft, hard in _rlimits(limits):
        resource.setrlimit(kind, (soft, hard))
    if limits.nice:
        os.nice(limits.nice)
    if limits.is_offline:
        offline.go_offline()


def allow_open_files() -> None:
    """Raise the soft limit on open files towards the hard one, since each connection counts as one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MANY_FILES if hard == resource.RLIM_INFINITY else min(hard, _MANY_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        with contextlib.suppress(OSError, ValueError):  # macOS has a lower limit of its own
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _options(limits: ProcessLimits, *, dies_with_parent: bool) -> list[str]:
    """The launcher's options, which do in a child what `apply_limits` does here."""
    options = ["-p", str(os.getpid())] if dies_with_parent else []
    for kind, soft, hard in _rlimits(limits):
        options += ["-l", f"{kind}={soft}:{hard}"]
    if limits.nice:
        options += ["-n", str(limits.nice)]
    if limits.is_offline and offline.FILTER:
        options += ["-f", offline.FILTER.hex()]
    return options


def _rlimits(limits: ProcessLimits) -> list[tuple[int, int, int]]:
    """Each kind of rlimit to set, its soft and its hard value."""
    most_by_kind = (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_DATA, limits.data_bytes),
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_NPROC, None if limits.tasks is None else _tasks_now() + limits.tasks),
        (resource.RLIMIT_CORE, 0),
    )
    return [(kind, *_soft_and_hard(kind, most)) for kind, most in most_by_kind if most is not None]


def _soft_and_hard(kind: int, most: int) -> tuple[int, int]:
    _, hardest = resource.getrlimit(kind)
    bound = most if hardest == resource.RLIM_INFINITY else min(most, hardest)
    # the soft CPU limit sends SIGXCPU, which names the cause; the hard one SIGKILL
    soft = bound - 1 if kind == resource.RLIMIT_CPU and bound > 1 else bound
    return soft, bound


def _tasks_now() -> int:
    """How many processes and threads the machine runs; 0 if unknown."""
    with contextlib.suppress(OSError):
        return int(Path("/proc/loadavg").read_text().split()[3].partition("/")[2])
    return 0
