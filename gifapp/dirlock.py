"""Locks directories while their process lives, so that leftovers of killed processes can be recognised."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

_LOCK = "held"


def create_locked(directory: Path) -> IO[bytes]:
    """Create a directory and lock it until the returned file is closed, or this process ends."""
    directory.mkdir(mode=0o700)
    return hold(directory)


def hold(directory: Path) -> IO[bytes]:
    """Lock an empty directory that no other process uses."""
    lock = (directory / f"{_LOCK}-soon").open("xb")
    fcntl.flock(lock, fcntl.LOCK_EX)
    # renamed only once it is locked: a visible lock that is free belonged to a dead process
    Path(lock.name).rename(directory / _LOCK)
    return lock


def owner_alive(directory: Path) -> bool | None:
    """Whether the process that locked the directory is alive; None if it was never locked or is not ours."""
    try:
        with (directory / _LOCK).open("r+b") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    return False


def try_lock(directory: Path) -> IO[bytes] | None:
    """Lock a directory that `create_locked` made; None if another process has it locked.

    Raises:
        FileNotFoundError: the directory was removed.
    """
    lock = (directory / _LOCK).open("r+b")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(lock.fileno()).st_nlink:
            return lock
        raise FileNotFoundError(directory)  # its previous owner removed it
    except BlockingIOError:
        lock.close()
        return None
    except FileNotFoundError:
        lock.close()
        raise
