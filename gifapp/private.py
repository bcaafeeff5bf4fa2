"""Creates files and directories for their owner alone, where nobody can have prepared anything.

Who may be trusted with a directory: ourselves, root, and whoever owns the directory around it, which was
checked before or is an administrator's choice (a share may give everything in it one owner).
"""

from __future__ import annotations

import contextlib
import errno
import os
import pwd
import secrets
import stat
from pathlib import Path
from typing import IO

from gifapp import errors

_ROOT = 0


def make_directory(path: Path, *, trusts_parent: bool = True) -> None:
    """Make a directory for ourselves alone; one that was there and is ours is closed to everybody else.

    Raises:
        errors.NotPrivate: it is another user's.
        OSError: it cannot be made, or is no directory.
    """
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        found = os.fstat(descriptor)
        if found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) & 0o077:
            os.fchmod(descriptor, 0o700)
    finally:
        os.close(descriptor)
    check_owner(path, found, trusts_parent=trusts_parent)


def create(path: Path) -> IO[bytes]:
    """Make a file that only its owner may read; whatever has that name already is not followed.

    Raises:
        FileExistsError
    """
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb")


def beside(path: Path) -> Path:
    """A hidden name in the same directory that nobody can guess."""
    return path.with_name(f".{path.name}.{secrets.token_hex(8)}")


def write(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    aside = beside(path)
    with create(aside) as out:
        out.write(text.encode())
    aside.replace(path)


def read(path: Path) -> bytes:
    """What stands in a file that `write` made; one that is ours is closed to everybody else.

    Raises:
        errors.NotPrivate: another user has put it there, or it is a link.
        OSError
    """
    with _opened(path, os.O_RDONLY) as file:
        return file.read()


def open_lock(path: Path) -> IO[bytes]:
    """A file to take a lock on, made if it is missing; nobody else may hold it.

    Raises:
        errors.NotPrivate: it is another user's, or a link.
        OSError
    """
    return _opened(path, os.O_RDWR | os.O_CREAT)


def is_own_directory(path: Path) -> bool:
    """Whether it is a directory that is ours: in one that is not, anything may be prepared."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()


def check_not_prepared(path: Path) -> None:
    """Raises errors.NotPrivate if another user has put something there, a link for one."""
    with contextlib.suppress(FileNotFoundError):
        check_owner(path, path.lstat())


def check_owner(path: Path, found: os.stat_result, *, trusts_parent: bool = True) -> None:
    """Raises errors.NotPrivate unless `found`, which stands at `path`, is ours, or of somebody we trust."""
    trusted = {os.geteuid(), _ROOT}
    if trusts_parent:
        trusted.add(path.parent.stat().st_uid)
    if found.st_uid not in trusted:
        owner = _name_of(found.st_uid)
        problem = f"belongs to {owner}; run gifapp as {owner}, change its owner, or choose another --data-dir"
        raise errors.NotPrivate(path=path, problem=problem)


def _opened(path: Path, flags: int) -> IO[bytes]:
    descriptor = _descriptor(path, flags)
    file = os.fdopen(descriptor, "rb" if flags == os.O_RDONLY else "r+b")
    try:
        found = os.fstat(descriptor)
        check_owner(path, found)
        if found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) & 0o077:
            os.fchmod(descriptor, 0o600)
    except BaseException:
        file.close()
        raise
    return file


def _descriptor(path: Path, flags: int) -> int:
    # O_NONBLOCK: a named pipe that somebody has put there must not be waited for
    try:
        return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError as refused:
        if refused.errno != errno.ELOOP:
            raise
        problem = "is a symbolic link; put the file itself there"
        raise errors.NotPrivate(path=path, problem=problem) from None


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
