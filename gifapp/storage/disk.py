"""Creates the directories of a storage."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gifapp import errors, private


def make_folders(root: Path, names: Iterable[str]) -> None:
    """Create these folders in `root` with access for us only; an existing `root` keeps its permissions.

    Raises:
        errors.DirectoryNotWritable
        errors.NotPrivate: a folder belongs to another user.
    """
    try:
        for name in names:
            private.make_directory(root / name)
    except OSError:
        raise errors.DirectoryNotWritable(path=root) from None
