"""Makes the directories of a storage."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gifapp import errors, private


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
