"""Checks before the service starts, and whether it responds."""

from __future__ import annotations

import errno
import shutil
import socket
import urllib.request
from pathlib import Path

from gifapp import errors
from gifapp.up.ports import free_port

NEEDED_BYTES = 512 * 1024 * 1024  # MongoDB's journal alone takes 300 MB

# never use a proxy from the environment for our own machine
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def usable_port(host: str, port: int) -> int:
    """Check that we may listen on the port, and return it; for 0, return a free one.

    Raises:
        errors.PortTaken: another process listens there.
        errors.SettingInvalid: this machine has no such address, or we may not use the port.
    """
    try:
        port = port or free_port(host)
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            return port
    except PermissionError:
        raise errors.SettingInvalid(
            name="GIFAPP_PORT", problem=f"{port} needs root; choose a port from 1024"
        ) from None
    except OSError as refused:
        if refused.errno == errno.EADDRINUSE:
            raise errors.PortTaken(host=host, port=port) from None
        raise errors.SettingInvalid(name="GIFAPP_HOST", problem=refused.strerror) from None
    except ValueError:
        raise errors.SettingInvalid(name="GIFAPP_HOST", problem="there is no host with this name") from None


def check_free_space(path: Path, *, needed_bytes: int = NEEDED_BYTES) -> None:
    """Raises errors.DiskAlmostFull unless `needed_bytes` are free at `path`."""
    free_bytes = shutil.disk_usage(path).free
    if free_bytes < needed_bytes:
        raise errors.DiskAlmostFull(path=path, free_bytes=free_bytes, needed_bytes=needed_bytes)


def responds(url: str) -> bool:
    """Whether a GET of `url` returns 200."""
    try:
        with _OPENER.open(url, timeout=2) as response:
            return bool(response.status == 200)
    except OSError:
        return False
