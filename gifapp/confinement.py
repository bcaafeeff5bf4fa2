"""Confines a process to the files it needs: Landlock, on Linux 5.13 and later; elsewhere it does nothing.

A decoder that a hostile file has taken over can open that file, the system's libraries and Python's packages,
but nothing of the user's: no keys, no other people's videos. On Linux 6.12 and later it cannot send signals
to processes outside either. Files that are already open keep working.

Source: Linux, Documentation/userspace-api/landlock.rst; the numbers come from its uapi header.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import site
import stat
import struct
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the system calls, the same on every machine
_VERSION, _PATH_BENEATH, _PR_SET_NO_NEW_PRIVS = 1, 1, 38
_EXECUTE, _WRITE_FILE, _READ_FILE, _LIST = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_READ = _EXECUTE | _READ_FILE | _LIST
_ON_DIRECTORIES = _LIST | 0x3FF0  # to list, make, remove and move what is in them
_NO_SIGNALS = 3  # to processes outside, nor connections to their abstract sockets
_KNOWN_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # how many rights on files each version knows

_LIBRARIES = ("/usr", "/lib", "/lib32", "/lib64", "/nix/store", "/gnu/store")
_FACTS = ("/etc/ld.so.cache", "/etc/localtime", "/etc/mime.types", "/proc/loadavg")
_PACKAGE = Path(__file__).parent
_PACKAGES = {"site-packages", "dist-packages"}

_libc = ctypes.CDLL(None, use_errno=True)
_Rules = Iterable[tuple[str | Path, int]]


def landlock_version() -> int:
    """The version of the kernel's Landlock; 0 if it has none."""
    if sys.platform != "linux":
        return 0
    return max(0, int(_libc.syscall(_CREATE_RULESET, None, 0, _VERSION)))


@contextmanager
def ruleset(readable: Iterable[Path], writable: Iterable[Path] = ()) -> Iterator[int | None]:
    """The descriptor of a Landlock ruleset; None if the kernel has none.

    It allows reading and running what is at or beneath `readable`, the system's libraries and Python's, and
    everything beneath `writable`. Paths that do not exist are ignored.

    Raises:
        OSError: the kernel refuses a rule.
    """
    version = landlock_version()
    if not version:
        yield None
        return
    rights = (1 << _KNOWN_RIGHTS.get(version, 16)) - 1
    created = _created(version, rights)
    try:
        for path, allowed in _rules(readable, writable, rights):
            _allow(created, path, allowed)
        yield created
    finally:
        os.close(created)


def confine(readable: Iterable[Path], writable: Iterable[Path]) -> bool:
    """Confine this thread and all that it starts; returns whether the kernel enforces it."""
    with ruleset(readable, writable) as rules:
        if rules is None:
            return False
        _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        _checked(_libc.syscall(_RESTRICT_SELF, rules, 0))
    return True


def program(argv: Sequence[str]) -> Path:
    """The file that `argv` runs, beyond symbolic links."""
    return Path(shutil.which(argv[0]) or argv[0]).resolve()


def _created(version: int, rights: int) -> int:
    on_network, scoped = 0, _NO_SIGNALS
    attributes = (
        struct.pack("=QQQ", rights, on_network, scoped) if version >= 6 else struct.pack("=Q", rights)
    )
    return _checked(_libc.syscall(_CREATE_RULESET, attributes, len(attributes), 0))


def _rules(readable: Iterable[Path], writable: Iterable[Path], rights: int) -> _Rules:
    yield from _libraries()
    yield from ((path, _READ) for path in _with_targets(readable))
    yield from ((path, rights) for path in writable)
    yield os.devnull, _READ_FILE | _WRITE_FILE


@cache
def _libraries() -> tuple[tuple[str | Path, int], ...]:
    """The rules for the libraries of the system and of Python."""
    homes = {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix, site.getusersitepackages()}
    searched = [Path(entry) for entry in sys.path if os.path.isabs(entry)]  # noqa: PTH117
    packages = [entry for entry in searched if entry.name in _PACKAGES]
    read: list[str | Path] = [*_LIBRARIES, *_FACTS, *homes, *packages, _PACKAGE]
    # of a checkout on the search path only the package can be read; Python lists the rest
    return (*((path, _READ) for path in read), *((entry, _LIST) for entry in searched))


def _with_targets(paths: Iterable[Path]) -> Iterator[Path]:
    """The paths, and what the symbolic links in a folder of pictures lead to."""
    for path in paths:
        yield path
        if path.is_dir():
            yield from (entry.resolve() for entry in path.iterdir() if entry.is_symlink())


def _allow(created: int, path: str | Path, rights: int) -> None:
    with suppress(FileNotFoundError, NotADirectoryError):
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            if not stat.S_ISDIR(os.fstat(opened).st_mode):
                rights &= ~_ON_DIRECTORIES
            if rights:
                rule = struct.pack("=Qi", rights, opened)
                _checked(_libc.syscall(_ADD_RULE, created, _PATH_BENEATH, rule, 0))
        finally:
            os.close(opened)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), "Landlock")
    return result
