"""Translates operating system errors about space and memory into ours."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from gifapp import errors

_ERRORS: dict[int, type[errors.GifappError]] = {
    errno.ENOSPC: errors.DiskFull,
    errno.EDQUOT: errors.DiskFull,
    # not a full disk: the process or the file system allows no larger file
    errno.EFBIG: errors.ConversionTooBig,
    errno.ENOMEM: errors.ConversionTooBig,
}


def from_errno(number: int | None) -> errors.GifappError | None:
    """Our error for an errno; None if we have none."""
    error = _ERRORS.get(number) if number is not None else None
    return error() if error else None


@contextmanager
def translating_os_errors() -> Iterator[None]:
    """Raise our error instead of the system's; also a decorator. Other errors pass through.

    Raises:
        errors.DiskFull: there is no space left.
        errors.ConversionTooBig: the file or the memory would exceed a limit.
    """
    try:
        yield
    except OSError as failed:
        translated = from_errno(failed.errno)
        if translated is None:
            raise
        raise translated from failed
