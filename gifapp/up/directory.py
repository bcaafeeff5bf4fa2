"""The data directory: locked while the service runs, and records its addresses."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from gifapp import errors, private
from gifapp.os_errors import translating_os_errors
from gifapp.processes import wait_until

_OWN_NAMES = {"gifapp.toml", "logs", "lost+found", "mongodb", "redis", "run", "secret.key", "storage"}


@dataclass(frozen=True)
class Addresses:
    """The URLs of a running service's parts; they contain passwords."""

    url: str
    redis_url: str
    mongodb_url: str


@contextlib.contextmanager
def lock_data_directory(data_dir: Path) -> Iterator[None]:
    """Lock `data_dir` against every other `gifapp up`; the lock ends with this process, however it ends.

    Raises:
        errors.DirectoryNotWritable
        errors.NotPrivate: the directory, or something in it, belongs to another user; or it is a directory
            for something else.
        errors.DiskFull
        errors.DataDirectoryHeld: another process holds the lock.
    """
    with explaining_failures(data_dir):
        _check_not_shared(data_dir)
        private.make_directory(data_dir, trusts_parent=False)
        for name in ("run", "logs"):
            private.make_directory(data_dir / name)
        tempfile.TemporaryFile(dir=data_dir).close()
        lock = private.open_lock(_lock_path(data_dir))
    with lock:
        # wait, because `running_service` takes the lock for a moment, too
        if not wait_until(lambda: _locked(lock), timeout_s=1):
            raise errors.DataDirectoryHeld(path=data_dir, pid=_holder(lock))
        lock.truncate(0)
        lock.write(str(os.getpid()).encode())
        lock.flush()
        yield


@contextlib.contextmanager
def explaining_failures(directory: Path) -> Iterator[None]:
    """Translate the system's errors about what is in `directory`.

    Raises:
        errors.DirectoryNotWritable
        errors.DiskFull
    """
    try:
        with translating_os_errors():
            yield
    except OSError:
        raise errors.DirectoryNotWritable(path=directory) from None


@contextlib.contextmanager
def published_addresses(data_dir: Path, addresses: Addresses) -> Iterator[None]:
    """Record the service's addresses for other commands until the block ends."""
    path = _addresses_path(data_dir)
    private.write(path, json.dumps(asdict(addresses)))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def running_service(data_dir: Path) -> Addresses | None:
    """The addresses of the service that is running on `data_dir`; None if none is.

    Raises:
        errors.SettingInvalid: we may not read the directory, or do not understand the addresses in it.
        errors.NotPrivate: the lock or the addresses are no files of ours.
    """
    try:
        with private.open_existing(_lock_path(data_dir)) as lock:
            if _locked(lock):  # nobody held it, so the addresses are stale
                return None
        return _addresses(_addresses_path(data_dir))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        problem = f"{data_dir} may not be read by this user"
        raise errors.SettingInvalid(name="GIFAPP_DATA_DIR", problem=problem) from None


def _addresses(path: Path) -> Addresses:
    try:
        return Addresses(**json.loads(private.read(path)))
    except (ValueError, TypeError):
        problem = f"{path} is damaged, or of another version of gifapp; restart the service"
        raise errors.SettingInvalid(name="GIFAPP_DATA_DIR", problem=problem) from None


def _check_not_shared(data_dir: Path) -> None:
    """Check that closing the directory to other users does not take other files, such as /etc, from them."""
    if not data_dir.exists() or _lock_path(data_dir).is_file():
        return
    is_open = stat.S_IMODE(data_dir.stat().st_mode) & 0o077
    if is_open and {path.name for path in data_dir.iterdir()} - _OWN_NAMES:
        problem = "has other files, and other users can read it; choose an empty directory with --data-dir"
        raise errors.NotPrivate(path=data_dir, problem=problem)


def _lock_path(data_dir: Path) -> Path:
    return data_dir / "run" / "lock"


def _addresses_path(data_dir: Path) -> Path:
    return data_dir / "run" / "services.json"


def _locked(lock: IO[Any]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(lock: IO[bytes]) -> str:
    return lock.read().decode() or "unknown"
