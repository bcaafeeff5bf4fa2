"""Directories locked by a living process, so that leftovers of killed ones can be told apart."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

_LOCK = "held"


def create_locked(directory: Path) -> IO[bytes]:
    """Make a directory and hold it until the file that this returns is closed: when we die, at the latest."""
    directory.mkdir(mode=0o700)
    return hold(directory)


def hold(directory: Path) -> IO[bytes]:
    """Hold an empty directory that is ours alone."""
    lock = (directory / f"{_LOCK}-soon").open("xb")
    fcntl.flock(lock, fcntl.LOCK_EX)
    # under its name only now: a lock that can be seen and is free was a dead process'
    Path(lock.name).rename(directory / _LOCK)
    return lock


def owner_alive(directory: Path) -> bool | None:
    """Whether the process that holds the directory lives; None: nobody has held it, or it is not ours."""
    try:
        with (directory / _LOCK).open("r+b") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    return False


def try_lock(directory: Path) -> IO[bytes] | None:
    """Hold a directory that was made by `create_locked`, as above; None: somebody does.

    Raises:
        FileNotFoundError: it is gone.
    """
    lock = (directory / _LOCK).open("r+b")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(lock.fileno()).st_nlink:
            return lock
        raise FileNotFoundError(directory)  # whoever held it before has removed it
    except BlockingIOError:
        lock.close()
        return None
    except FileNotFoundError:
        lock.close()
        raise
