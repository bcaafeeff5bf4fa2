"""Runs the launcher, a small C program that applies a child's limits and then becomes the child.

Python can run code between fork and exec (`preexec_fn`), but then fork copies the page tables of the whole
process: 15 ms in one of 350 MB. Without such code Python uses vfork, which copies nothing.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Sequence
from typing import Any

from gifapp import errors
from gifapp.launcher import source


def find() -> str:
    """The launcher's path.

    Raises:
        errors.LauncherNotBuilt: it is missing, not executable, or was built from another source.
    """
    program = source.PROGRAM
    if not (os.access(program, os.X_OK) and source.digest().encode() in program.read_bytes()):
        raise errors.LauncherNotBuilt
    return str(program)


_PROGRAM = find()


def command(options: Iterable[str], argv: Sequence[str]) -> list[str]:
    """The command that runs `argv` under the launcher's `options`, which launch.c describes."""
    return [_PROGRAM, *options, "--", *argv]


def start(
    options: Iterable[str], argv: Sequence[str], *, pass_fds: Sequence[int] = (), **popen: Any
) -> subprocess.Popen[Any]:
    """Start `argv` under the launcher's `options`, in a session of its own; returns once it runs.

    Raises:
        OSError: `argv` or an option failed; its `filename` is the program or the option.
    """
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as report:
        try:
            child = subprocess.Popen(
                command(["-s", str(writing), *options], argv),
                start_new_session=True,
                pass_fds=[*pass_fds, writing],
                **popen,
            )
        finally:
            os.close(writing)
        failure = report.read()  # ends when the program starts
    if failure:
        with child:
            raise _error(failure)
    return child


def _error(failure: bytes) -> OSError:
    number, _, subject = os.fsdecode(failure).partition(" ")
    return OSError(int(number), os.strerror(int(number)), subject)
