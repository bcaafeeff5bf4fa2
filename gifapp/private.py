"""Creates files and directories that only their owner can read, where no other user has planted anything.

A directory may belong to us, to root, or to the owner of its parent, which was checked before or which an
administrator chose (a network share may give everything in it the same owner).
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
_NOT_A_FILE = "is not a file; move it away"
_PROBLEMS = {
    errno.ELOOP: "is a symbolic link; put the file itself there",
    errno.EISDIR: _NOT_A_FILE,
    errno.ENXIO: _NOT_A_FILE,  # a socket
}


def make_directory(path: Path, *, trusts_parent: bool = True) -> None:
    """Create a private directory; one of ours that already exists is closed to all other users.

    Raises:
        errors.NotPrivate: it belongs to another user.
        OSError: it cannot be created, or is not a directory.
    """
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) & 0o077:
            os.fchmod(descriptor, 0o700)
    finally:
        os.close(descriptor)
    check_owner(path, status, trusts_parent=trusts_parent)


def create(path: Path) -> IO[bytes]:
    """Create a file that only its owner may read; an existing file or link of that name is an error.

    Raises:
        FileExistsError
    """
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb")


def beside(path: Path) -> Path:
    """A hidden, unguessable name in the same directory."""
    return path.with_name(f".{path.name}.{secrets.token_hex(8)}")


def write(path: Path, text: str) -> None:
    """Write a file that only its owner may read, atomically."""
    temporary = beside(path)
    with create(temporary) as out:
        out.write(text.encode())
    temporary.replace(path)


def read(path: Path) -> bytes:
    """The content of a file that `write` made; a file of ours is first closed to all other users.

    Raises:
        errors.NotPrivate: it belongs to another user, or is a link or something else than a file.
        OSError
    """
    with open_existing(path) as file:
        return file.read()


def read_named(path: Path) -> bytes:
    """The content of a file that the operator named, which may be a link, as Kubernetes mounts secrets.

    Raises:
        OSError: it cannot be read, or is something else than a file, such as a device that never ends.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is not a file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(descriptor)


def check_replaceable(path: Path) -> None:
    """Check that a new file at this path would replace a file at most.

    Raises:
        OSError: it would replace a device, such as /dev/stdout, a link or a folder.
    """
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISREG(path.lstat().st_mode):
            raise OSError(errno.EEXIST, "it is a link, or something else than a file")


def open_existing(path: Path) -> IO[bytes]:
    """Open a file to read or lock it; it is first closed to all other users.

    Raises:
        errors.NotPrivate: it belongs to another user, or is a link or something else than a file.
        OSError
    """
    return _opened(path, os.O_RDONLY)


def open_lock(path: Path) -> IO[bytes]:
    """Open a file to lock, creating it if it is missing; other users cannot open it.

    Raises:
        errors.NotPrivate: it belongs to another user, or is a link or something else than a file.
        OSError
    """
    return _opened(path, os.O_RDWR | os.O_CREAT)


def is_own_directory(path: Path) -> bool:
    """Whether it is a directory of ours; in another user's directory, files may have been planted."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()


def check_not_prepared(path: Path) -> None:
    """Raises errors.NotPrivate if another user has planted something at this path, such as a link."""
    with contextlib.suppress(FileNotFoundError):
        check_owner(path, path.lstat())


def check_owner(path: Path, stat: os.stat_result, *, trusts_parent: bool = True) -> None:
    """Raises errors.NotPrivate unless the file at `path`, with the stat `stat`, has an owner we trust."""
    trusted = {os.geteuid(), _ROOT}
    if trusts_parent:
        trusted.add(path.parent.stat().st_uid)
    if stat.st_uid not in trusted:
        owner = _name_of(stat.st_uid)
        problem = f"belongs to {owner}; run gifapp as {owner}, change its owner, or choose another --data-dir"
        raise errors.NotPrivate(path=path, problem=problem)


def _opened(path: Path, flags: int) -> IO[bytes]:
    descriptor = _descriptor(path, flags)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise errors.NotPrivate(path=path, problem=_NOT_A_FILE)
        check_owner(path, status)
        if status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) & 0o077:
            os.fchmod(descriptor, 0o600)
    except BaseException:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb" if flags == os.O_RDONLY else "r+b")


def _descriptor(path: Path, flags: int) -> int:
    # O_NONBLOCK: opening a named pipe that somebody has put there must not block
    try:
        return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError as refused:
        if refused.errno not in _PROBLEMS:
            raise
        raise errors.NotPrivate(path=path, problem=_PROBLEMS[refused.errno]) from None


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
