"""Writes the output of child processes to logs of limited size."""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import threading
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO, TextIO

from gifapp import private
from gifapp.redaction import redact

_MAX_BYTES = 5 * 1024 * 1024
_OLD_FILES = 2
_MORE_THAN_A_PIPE = 1024 * 1024  # larger than a pipe's buffer


class BoundedLog:
    """A rotating text file that keeps its two predecessors."""

    def __init__(self, path: Path) -> None:
        """Raises errors.NotPrivate: another user created something at this path."""
        private.check_not_prepared(path)
        self._handler = RotatingFileHandler(
            path, maxBytes=_MAX_BYTES, backupCount=_OLD_FILES, encoding="utf-8", errors="replace", delay=True
        )

    def write(self, line: str) -> None:
        """Append one line; thread-safe."""
        self._handler.handle(logging.makeLogRecord({"msg": line}))

    def close(self) -> None:
        self._handler.close()


class LineCopy:
    """Copies a child's output to `log` and `echo`, line by line, until the child closes its end.

    An echoed line is logged without its secrets: the setup link is for the terminal only.
    """

    def __init__(self, stream: IO[bytes], log: BoundedLog, echo: TextIO | None) -> None:
        os.set_blocking(stream.fileno(), False)
        self._stream, self._log, self._echo = stream, log, echo
        self._begun = b""  # the start of an incomplete line
        self._has_ended = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def catch_up(self) -> None:
        """Copy everything that the child has printed so far."""
        with self._lock:
            data = b"" if self._has_ended else self._waiting_bytes()
            if data is None:
                return
            self._has_ended = not data
            *lines, self._begun = (self._begun + data).split(b"\n")
            if self._has_ended and self._begun:
                lines, self._begun = [self._begun], b""
            for line in lines:
                self._copy(line.decode(errors="replace"))

    def join(self, timeout_s: float) -> None:
        """Wait until the child has closed its end."""
        self._thread.join(timeout_s)

    def _run(self) -> None:
        with self._stream, contextlib.closing(self._log), selectors.DefaultSelector() as selector:
            selector.register(self._stream, selectors.EVENT_READ)
            while not self._has_ended:
                selector.select()
                self.catch_up()

    def _waiting_bytes(self) -> bytes | None:
        """The contents of the pipe; empty at end of file; None if there is nothing to read yet."""
        try:
            return os.read(self._stream.fileno(), _MORE_THAN_A_PIPE)
        except BlockingIOError:
            return None

    def _copy(self, line: str) -> None:
        self._log.write(redact(line) if self._echo else line)
        if self._echo:
            # keep reading even if the terminal is closed, or the child would block
            with contextlib.suppress(OSError, ValueError):
                print(line, file=self._echo, flush=True)
