"""Writes a file that appears complete or not at all."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from gifapp import errors
from gifapp.os_errors import translating_os_errors


@contextmanager
def published(out: Path, *, limit_bytes: int) -> Iterator[BinaryIO]:
    """A file to write to, beside `out`: it takes that name at the end, or leaves nothing.

    Its own `name` meanwhile is for a program that writes it instead.

    Raises:
        errors.ConversionTooBig: more than `limit_bytes` were written.
        errors.DiskFull, errors.OutputNotWritable: what is wrong with the place.
    """
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
    """A file that refuses to grow beyond a limit, and says what is wrong in our words."""

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


@contextmanager
def _translating_errors(out: Path) -> Iterator[None]:
    try:
        with translating_os_errors():
            yield
    except OSError as failed:
        raise errors.OutputNotWritable(path=out, reason=failed.strerror) from failed
