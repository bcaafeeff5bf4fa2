"""A long-running child process that we start, watch and stop."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from gifapp import errors
from gifapp.processes import spawn, stop, wait_until
from gifapp.up.output import BoundedLog, LineCopy

_log = structlog.get_logger()


@dataclass(frozen=True)
class Part:
    """A program to run: its command, readiness check and timeouts.

    Attributes:
        expendable: data that may be moved away if it prevents the program from starting.
    """

    name: str
    argv: tuple[str, ...]
    directory: Path
    is_ready: Callable[[], bool]
    environment: Mapping[str, str] | None = None  # None: this process's
    start_timeout_s: float = 30
    stop_grace_s: float = 3
    shows_output: bool = False  # also on our own standard output
    expendable: Path | None = None


class Child:
    """A part and its process, if one is running; its output goes to a log of limited size.

    Call `start` from a thread that outlives the child (see `processes.spawn`).
    """

    def __init__(self, part: Part, log: Path) -> None:
        self.part = part
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._copies: list[LineCopy] = []
        self._started = 0.0

    def start(self) -> None:
        """Start the program; returns before it is ready.

        Raises:
            errors.NotPrivate: another user created something at the path of its log.
        """
        log = BoundedLog(self.log)
        self._started = time.monotonic()
        process = self._process = spawn(
            self.part.argv,
            cwd=self.part.directory,
            env=self.part.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        out: Any = process.stdout
        err: Any = process.stderr
        self._copies = [
            LineCopy(out, log, sys.stdout if self.part.shows_output else None),
            LineCopy(err, log, None),
        ]

    def wait_until_ready(self, *, give_up: Callable[[], bool] = lambda: False) -> None:
        """Wait until the program is ready and its output so far is copied, or until `give_up` returns True.

        A program that ends at once is started a second time, without its expendable data.

        Raises:
            errors.ServerFailed: it ended, or was not ready in time.
        """
        try:
            self._wait(give_up)
        except errors.ServerFailed as failed:
            data = self.part.expendable
            if not self.has_ended or data is None or not data.exists():
                raise
            self._start_without(data, failed, give_up)

    def _start_without(self, data: Path, failed: errors.ServerFailed, give_up: Callable[[], bool]) -> None:
        aside = data.with_name(f"{data.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S}")
        data.rename(aside)
        self.start()
        try:
            self._wait(give_up)
        except errors.ServerFailed:  # the data were not the cause
            shutil.rmtree(data, ignore_errors=True)
            aside.rename(data)
            raise failed from None
        _log.warning(
            "started without damaged data", part=self.part.name, reason=str(failed), kept_at=str(aside)
        )

    def _wait(self, give_up: Callable[[], bool]) -> None:
        settled = wait_until(
            lambda: give_up() or self.has_ended or self.part.is_ready(),
            timeout_s=self.part.start_timeout_s,
            every_s=0.05,
        )
        if (self.has_ended or not settled) and not give_up():
            raise errors.ServerFailed(program=self.part.name, reason=self.failure_reason())
        for copy in self._copies:
            copy.catch_up()

    def stop(self) -> None:
        """Stop the program and the rest of its process group."""
        if self._process:
            stop(self._process, grace_s=self.part.stop_grace_s)
            self._close()

    @property
    def has_ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    @property
    def age_s(self) -> float:
        """The time since the program was started."""
        return time.monotonic() - self._started

    def failure_reason(self) -> str:
        """The most likely reason for the failure, from the exit status and the log."""
        status = self._process.poll() if self._process else None
        if status is not None:
            self._close()
        return failure_reason_of(status, self.log)

    def _close(self) -> None:
        # a grandchild may keep the pipe open a little longer
        for copy in self._copies:
            copy.join(timeout_s=1)


def failure_reason_of(status: int | None, log: Path) -> str:
    """The reason for `errors.ServerFailed`; `status` is None while the program is running."""
    if status == -signal.SIGILL:
        return (
            "this processor lacks an instruction it needs (MongoDB 5 and later need AVX); "
            "set GIFAPP_MONGODB_URL to a MongoDB on another machine"
        )
    ended = "it did not respond in time" if status is None else f"it ended with status {status}"
    line = _relevant_line(log.read_text(errors="replace") if log.exists() else "")
    return f"{ended}; {log} says: {line[-400:].rstrip('.')}" if line else ended


def _relevant_line(output: str) -> str:
    lines = [line for line in output.splitlines() if line.strip()][-40:]
    # MongoDB logs the cause with severity "E", followed by further lines
    causes = [line for line in lines if '"s":"E"' in line]
    return (causes or lines or [""])[-1]
