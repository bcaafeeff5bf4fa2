"""Cuts a process and its children off the network: a seccomp filter that denies `socket`.

A decoder that a hostile video has taken over cannot connect to anything, not even a server on this machine;
pipes and sockets that are already open keep working. Linux on x86-64 and arm64; elsewhere it does nothing.

Source: Linux, Documentation/userspace-api/seccomp_filter.rst; the numbers come from its uapi headers.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
import sys

_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _MODE_FILTER = 22, 38, 2
_LOAD, _JUMP_IF_EQUAL, _JUMP_IF_ABOVE, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EACCES
_STEP = struct.Struct("=HBBI")  # struct sock_filter: code, steps to jump if true and if false, value
_NUMBER_AT, _MACHINE_AT = 0, 4  # offsets in struct seccomp_data
_OTHER_ABI = 0x40000000  # system calls of the x32 ABI
_IO_URING_SETUP = 425  # io_uring can open sockets too
_MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}  # AUDIT_ARCH, number of `socket`


def _filter() -> bytes:
    machine = _MACHINES.get(platform.machine()) if sys.platform == "linux" else None
    if machine is None:
        return b""
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
    return b"".join(_STEP.pack(*step) for step in steps)


FILTER = _filter()
"""The filter, an array of `struct sock_filter`; empty where there is none."""


class _Program(ctypes.Structure):
    _fields_ = (("steps", ctypes.c_uint16), ("filter", ctypes.c_char_p))


def go_offline() -> bool:
    """Deny new sockets to this thread and all that it starts; returns whether the kernel enforces it."""
    if not FILTER:
        return False
    libc = ctypes.CDLL(None)
    program = _Program(len(FILTER) // _STEP.size, FILTER)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    return bool(libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0) == 0)
