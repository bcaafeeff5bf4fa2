"""Runs conversions in processes forked from a server that has already loaded everything.

A fresh process needs about half a second for its imports, a fork milliseconds. The fork server has
a single thread and no connections, so forking it is safe. Python's own fork server keeps a pipe open in
each child and a socket on disk; both would outlive a worker that is killed.

No process outlives the worker: the kernel kills the fork server when the thread that started it ends,
each conversion with the fork server, and ffmpeg with the conversion.
"""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pkgutil import resolve_name
from typing import NoReturn

from gifapp import errors, processes
from gifapp.jobs.attempts.conversion_process import (
    REQUEST,
    Conversion,
    ConversionRequest,
    Converter,
    work,
)

CONVERT = "gifapp.conversion.pipeline:convert_file"
CONVERT_JOB = "gifapp.jobs.attempts.still_process:convert_with_still"

_NUMBER = struct.Struct("q")  # the server sends 0 when it is warm; then a process id, its exit code, ...
_START_S = 60.0  # on a busy machine


class ForkServer:
    """Starts conversions, one at a time.

    Args:
        converters: the dotted names of `conversion_process.Converter`s, as `package.module:function`.
    """

    def __init__(self, *converters: str) -> None:
        self._converters = converters or (CONVERT_JOB,)
        self._process: subprocess.Popen[bytes] | None = None
        self._control = socket.socket()

    def ensure_running(self) -> None:
        """Start the server, or restart it if it has died; returns when it is warm.

        Call it from a thread that lives as long as the worker: the server dies with the thread.

        Raises:
            errors.ServerFailed
        """
        if self._process is None or self._process.poll() is not None:
            self.stop()
            self._start()

    def _start(self) -> None:
        self._control, child_end = socket.socketpair()
        with child_end:
            argv = [sys.executable, "-P", "-m", __name__, str(child_end.fileno()), *self._converters]
            self._process = processes.spawn(
                argv, pass_fds=[child_end.fileno()], stdin=subprocess.DEVNULL, env=_environment()
            )
        self._control.settimeout(_START_S)
        if self._number() is None:
            self.stop()
            raise errors.ServerFailed(program="The fork server", reason="see its last lines of output")
        self._control.settimeout(None)

    def convert(self, request: ConversionRequest, converter: str | None = None) -> Conversion:
        """Start one conversion; the previous one must have ended.

        `converter`: one of the server's; by default its first.

        Raises:
            errors.ConversionCrashed: it could not start.
        """
        number = self._converters.index(converter) if converter else 0
        parent_end, child_end = Pipe()
        try:
            with child_end:
                socket.send_fds(self._control, [bytes([number])], [child_end.fileno()])
            pid = self._number()
            if pid is None:
                raise ConnectionResetError
            parent_end.send_bytes(REQUEST.dump_json(request))
        except ConnectionError:
            parent_end.close()
            raise errors.ConversionCrashed(reason="the fork server was killed") from None
        return Conversion(pid, parent_end, exit_code=self._number, limit_s=request.limits.deadline_s)

    def _number(self) -> int | None:
        """The next number from the server; None when it is dead or did not start in time."""
        try:
            data = self._control.recv(_NUMBER.size, socket.MSG_WAITALL)
        except OSError:
            return None
        return int(_NUMBER.unpack(data)[0]) if data else None

    def stop(self) -> None:
        """Stop the server and the running conversion."""
        self._control.close()
        if self._process is not None:
            processes.stop(self._process, grace_s=0)


def _environment() -> dict[str, str]:
    """Our environment without gifapp's secrets, with few threads and malloc arenas for libraries."""
    return processes.environment_without_secrets() | {
        "OMP_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
    }


# --- in the server ---------------------------------------------------------------------------


def main(control_fd: int, names: Sequence[str]) -> None:
    """Load everything, then fork a conversion for each pipe received, until the worker closes the socket."""
    converters: list[Converter] = [resolve_name(name) for name in names]
    # a reset: the socket was closed before what we had sent was read
    with socket.socket(fileno=control_fd) as control, suppress(ConnectionError):
        control.sendall(_NUMBER.pack(0))
        while True:
            number, pipes, _, _ = socket.recv_fds(control, 1, 1)
            if not pipes:
                return
            control.sendall(_NUMBER.pack(pid := _fork(pipes[0], control, converters[number[0]])))
            _, status = os.waitpid(pid, 0)
            control.sendall(_NUMBER.pack(os.waitstatus_to_exitcode(status)))


def _fork(pipe: int, control: socket.socket, convert: Converter) -> int:
    server = os.getpid()
    pid = os.fork()
    if pid == 0:
        control.close()
        _become_conversion(server, Connection(pipe), convert)
    os.close(pipe)
    return pid


def _become_conversion(server: int, connection: Connection, convert: Converter) -> NoReturn:
    code = 1
    try:
        os.setsid()
        processes.die_with_parent(server)
        work(connection, convert)
        code = 0
    except BaseException:  # noqa: BLE001
        traceback.print_exc()
    finally:
        os._exit(code)  # the server's exit handlers and buffers must not run here


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
