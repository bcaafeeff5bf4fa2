"""Writes a file atomically: it appears complete or not at all."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from gifapp import errors
from gifapp.os_errors import translating_os_errors
from gifapp.private import check_replaceable


@contextmanager
def published(out: Path, *, limit_bytes: int) -> Iterator[BinaryIO]:
    """A temporary file beside `out`, renamed to `out` at the end, or deleted on failure.

    Another program may write it instead, by its `name`.

    Raises:
        errors.ConversionTooBig: more than `limit_bytes` were written.
        errors.DiskFull, errors.OutputNotWritable: the place cannot be written to, or `out` is no file.
    """
    with _translating_errors(out):
        check_replaceable(out)
    part = out.with_name(f".gifapp-{secrets.token_hex(6)}.part")
    try:
        with _translating_errors(out):
            file = part.open("xb")
        with file:
            yield _Bounded(file, out, limit_bytes)  # type: ignore[misc]
            with _translating_errors(out):
                file.flush()
        with _translating_errors(out):
            part.replace(out)
    finally:
        part.unlink(missing_ok=True)


class _Bounded:
    """A file that cannot grow beyond a limit, and raises our errors."""

    def __init__(self, file: BinaryIO, out: Path, limit_bytes: int) -> None:
        self.name = file.name
        self._file = file
        self._out = out
        self._left_bytes = limit_bytes

    def write(self, data: bytes) -> int:
        self._left_bytes -= len(data)
        if self._left_bytes < 0:
            raise errors.ConversionTooBig
        with _translating_errors(self._out):
            return self._file.write(data)

    def flush(self) -> None:
        with _translating_errors(self._out):
            self._file.flush()


@contextmanager
def _translating_errors(out: Path) -> Iterator[None]:
    try:
        with translating_os_errors():
            yield
    except OSError as failed:
        raise errors.OutputNotWritable(path=out, reason=failed.strerror) from failed
