"""Translates disk errors into ours."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterable, Iterator
from pathlib import Path

from gifapp import errors, private

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
    """Make these in `root`, for ourselves alone; a `root` that is there stays as open as somebody made it.

    Raises:
        errors.DirectoryNotWritable
        errors.NotPrivate: one of them is another user's.
    """
    try:
        for name in names:
            private.make_directory(root / name)
    except OSError:
        raise errors.DirectoryNotWritable(path=root) from None
