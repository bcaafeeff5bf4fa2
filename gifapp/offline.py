"""Cuts a process and its children off the network: a seccomp filter without `socket`.

Whatever a hostile video makes a decoder do, it opens no connection, not even to a server on this machine;
pipes and sockets that are open already go on. Linux on x86-64 and arm64; elsewhere nothing happens.

Source: Linux, Documentation/userspace-api/seccomp_filter.rst; the numbers are those of its uapi headers.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import sys

_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _MODE_FILTER = 22, 38, 2
_LOAD, _JUMP_IF_EQUAL, _JUMP_IF_ABOVE, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EACCES
_NUMBER_AT, _MACHINE_AT = 0, 4  # in what a filter is given of a call
_OTHER_ABI = 0x40000000  # calls of x86-64's 32-bit variant
_IO_URING_SETUP = 425  # by which sockets are made as well
_MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}  # and its number of `socket`


class _Step(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("steps", ctypes.POINTER(_Step)))


def _program() -> _Program | None:
    machine = _MACHINES.get(platform.machine()) if sys.platform == "linux" else None
    if machine is None:
        return None
    audit, socket = machine
    steps = (
        (_LOAD, 0, 0, _MACHINE_AT),
        (_JUMP_IF_EQUAL, 0, 5, audit),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_JUMP_IF_ABOVE, 3, 0, _OTHER_ABI),
        (_JUMP_IF_EQUAL, 2, 0, socket),
        (_JUMP_IF_EQUAL, 1, 0, _IO_URING_SETUP),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    )
    return _Program(len(steps), (_Step * len(steps))(*(_Step(*step) for step in steps)))


# made at import: where it is used, between fork and exec, nothing may be allocated
_PROGRAM = _program()
_libc = ctypes.CDLL(None) if _PROGRAM else None


def go_offline() -> bool:
    """Refuse this thread, and all that it starts, every new socket; whether the kernel does so."""
    if _PROGRAM is None or _libc is None:
        return False
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    return bool(_libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(_PROGRAM), 0, 0) == 0)
