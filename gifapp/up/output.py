"""What our children print: into logs that do not grow for ever."""

from __future__ import annotations

import contextlib
import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO, TextIO

_MAX_BYTES = 5 * 1024 * 1024
_OLD_FILES = 2


class BoundedLog:
    """A text file that starts anew when it is full and keeps its two predecessors."""

    def __init__(self, path: Path) -> None:
        self._handler = RotatingFileHandler(
            path, maxBytes=_MAX_BYTES, backupCount=_OLD_FILES, encoding="utf-8", errors="replace", delay=True
        )

    def write(self, line: str) -> None:
        """Append one line; safe from several threads."""
        self._handler.handle(logging.makeLogRecord({"msg": line}))

    def close(self) -> None:
        self._handler.close()


def copy_lines(stream: IO[bytes], log: BoundedLog, echo: TextIO | None) -> None:
    """Copy what a child prints into `log`, and to `echo`, until it closes its end."""
    with stream, contextlib.closing(log):
        for line in stream:
            text = line.decode(errors="replace").rstrip("\n")
            log.write(text)
            if echo:
                # a closed terminal must not stop the reading: the child would block
                with contextlib.suppress(OSError, ValueError):
                    print(text, file=echo, flush=True)
