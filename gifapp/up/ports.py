"""Finds free ports for servers that begin to listen later."""

from __future__ import annotations

import errno
import secrets
import socket

LOOPBACK = "127.0.0.1"
_FIRST, _COUNT = 10_000, 22_000
_TRIES = 100


def free_port(host: str = LOOPBACK) -> int:
    """A free TCP port of an interface, from 10,000 to 31,999.

    Systems give outgoing connections ports from 32,768 on: one of those might take the port before the server
    listens.

    Raises:
        OSError: this machine has no such address, or no port is free.
    """
    family, kind, _, _, address = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
    for _ in range(_TRIES):
        port = _FIRST + secrets.randbelow(_COUNT)
        with socket.socket(family, kind) as probe:
            try:
                probe.bind((address[0], port, *address[2:]))
            except OSError as refused:
                if refused.errno != errno.EADDRINUSE:
                    raise
            else:
                return port
    raise OSError(errno.EADDRINUSE, "no port is free")
