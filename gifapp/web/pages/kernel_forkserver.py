"""Starts kernels as forks of a process that has already loaded everything; see `widgets.kernel_server`."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress

from gifapp import errors, processes

_SERVER = "gifapp.widgets.kernel_server"
_NUMBER = struct.Struct("q")  # the length of a request; a process id, or 0 once everything is loaded
_START_S = 60.0  # on a busy machine
_FORK_S = 10.0


class ForkedKernel:
    """A kernel's process, as much of `subprocess.Popen` as Jupyter uses.

    `life`: the read end of a pipe that only the kernel's process holds open.
    """

    stdin = stdout = stderr = None

    def __init__(self, pid: int, life: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._life = life
        os.set_blocking(life, False)

    def poll(self) -> int | None:
        """0 once the process has ended; its parent, which is not us, knows its exit status."""
        if self.returncode is None:
            with suppress(BlockingIOError):
                os.read(self._life, 1)  # nothing is ever written, so this is the end of the file
                os.close(self._life)
                self.returncode = 0
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end."""
        if not processes.wait_until(lambda: self.poll() is not None, timeout_s=timeout or _START_S):
            raise subprocess.TimeoutExpired("kernel", timeout or _START_S)
        return 0

    def send_signal(self, signum: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signum)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class KernelForkServer:
    """Starts kernels; `environment` is the fork server's own, and must hold no secret."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._is_loaded = False
        self._loading = asyncio.Lock()

    def start(self) -> None:
        """Start the server, without waiting until everything is loaded.

        Call it from a thread that lives as long as the kernels should: the server dies with the thread.
        """
        self.stop()
        self._control, child_end = socket.socketpair()
        with child_end:
            argv = [sys.executable, "-P", "-m", _SERVER, str(child_end.fileno())]
            self._process = processes.spawn(
                argv, pass_fds=[child_end.fileno()], stdin=subprocess.DEVNULL, env=self._environment
            )
        self._is_loaded = False

    async def fork(
        self, argv: Sequence[str], *, environment: Mapping[str, str], directory: str, output: int
    ) -> ForkedKernel:
        """Start a kernel with these arguments of ipykernel's; `output` is the file for what it prints.

        Raises:
            errors.ServerFailed: the fork server does not run.
        """
        if self._process is None or self._process.poll() is not None:
            self.start()
        request = {"argv": list(argv), "environment": dict(environment), "directory": directory}
        try:
            control = await self._loaded()
            return _fork(control, json.dumps(request).encode(), output)
        except OSError:
            raise errors.ServerFailed(program="The kernels' fork server", reason="see the log") from None

    async def _loaded(self) -> socket.socket:
        """The connection to the server, once it has loaded everything."""
        async with self._loading:
            if self._control is None:
                raise ConnectionResetError
            if not self._is_loaded:
                self._control.setblocking(False)
                loading = asyncio.get_running_loop().sock_recv(self._control, _NUMBER.size)
                self._is_loaded = bool(await asyncio.wait_for(loading, _START_S))
            return self._control

    def stop(self) -> None:
        """Stop the server and all its kernels."""
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            processes.stop(self._process, grace_s=0)
        self._control = self._process = None


def _fork(control: socket.socket, request: bytes, output: int) -> ForkedKernel:
    life, kernel_end = os.pipe()
    control.settimeout(_FORK_S)
    try:
        socket.send_fds(control, [_NUMBER.pack(len(request))], [output, kernel_end])
        control.sendall(request)
        [pid] = _NUMBER.unpack(control.recv(_NUMBER.size, socket.MSG_WAITALL))
        return ForkedKernel(pid, life)
    except (OSError, struct.error):  # struct's: the server has closed the connection
        os.close(life)
        raise ConnectionResetError from None
    finally:
        os.close(kernel_end)
