"""A disk's errors in our words."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterable, Iterator
from pathlib import Path

from gifapp import errors

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """Say that the disk is full in our words.

    Raises:
        errors.DiskFull
    """
    try:
        yield
    except OSError as refused:
        if refused.errno not in _FULL:
            raise
        raise errors.DiskFull from refused


def make_folders(root: Path, names: Iterable[str]) -> None:
    """Make those that are missing, for ourselves alone.

    Raises:
        errors.DirectoryNotWritable
    """
    try:
        for name in names:
            (root / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        raise errors.DirectoryNotWritable(path=root) from None
