"""The process that the kernels of pages are forked from.

A fresh kernel needs a second for its imports and 60 MB; a fork needs milliseconds, and shares the memory of
the imports. This process has a single thread, no connections and no secrets, and never sees a visitor. It
ends with the web process, and all kernels end with it.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import struct
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from gifapp import processes
from gifapp.client.responses import connect

PRELOADED = (
    *("ipykernel.kernelapp", "ipykernel.control", "ipykernel.debugger", "ipykernel.heartbeat"),
    *("ipykernel.shellchannel", "IPython.extensions.storemagic", "tornado.platform.asyncio"),
    *("ipywidgets", "gifapp.widgets.dashboard.dashboard"),
    *("httpcore", "certifi", "encodings.idna"),
)
# a debugger and a completer, half a kernel's memory
_UNUSED = ("debugpy", "jedi")
_OPTIONS = ("--HistoryManager.enabled=False", "--InteractiveShellApp.extensions=[]")

# the dashboard's kernel uses 190 MB of it
_LIMITS = processes.ProcessLimits(data_bytes=640 * 1024**2)
_NUMBER = struct.Struct("q")  # the length of a request; a process id, or 0 once everything is loaded


def main(control_fd: int) -> None:
    """Load everything, then fork a kernel for each request, until the web process closes the socket."""
    _preload()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for kernels here
    # a reset: the socket was closed before what we had sent was read
    with socket.socket(fileno=control_fd) as control, suppress(ConnectionError):
        control.sendall(_NUMBER.pack(0))
        while True:
            length, files, _, _ = socket.recv_fds(control, _NUMBER.size, 2)
            if not files:
                return
            request = json.loads(control.recv(_NUMBER.unpack(length)[0], socket.MSG_WAITALL))
            control.sendall(_NUMBER.pack(_fork_kernel(control, request, *files)))


def _preload() -> None:
    sys.modules.update(dict.fromkeys(_UNUSED))  # type: ignore[arg-type]
    for name in PRELOADED:
        import_module(name)
    connect("http://127.0.0.1").close()  # has read the certificates
    import_module("ipywidgets").register_comm_target()  # on import it does so within a kernel only
    gc.collect()
    gc.freeze()  # collections in the forks would copy the pages of what they share


def _fork_kernel(control: socket.socket, request: dict[str, Any], output: int, life: int) -> int:
    server = os.getpid()
    pid = os.fork()
    if pid == 0:
        control.close()
        _become_kernel(server, output, **request)
    os.close(output)
    os.close(life)
    return pid


def _become_kernel(
    server: int, output: int, argv: list[str], environment: dict[str, str], directory: str
) -> NoReturn:
    code = 1
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        processes.die_with_parent(server)
        processes.apply_limits(_LIMITS)
        _enter(environment, Path(directory), output)
        _run(argv)
        code = 0
    except BaseException:  # noqa: BLE001
        traceback.print_exc()
    finally:
        os._exit(code)  # the server's exit handlers and buffers must not run here


def _enter(environment: dict[str, str], directory: Path, output: int) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(directory)
    os.dup2(output, sys.__stdout__.fileno())  # type: ignore[union-attr]
    os.dup2(output, sys.__stderr__.fileno())  # type: ignore[union-attr]
    os.close(output)


def _run(argv: list[str]) -> None:
    kernelapp: Any = import_module("ipykernel.kernelapp")
    ends_with_us = f"--IPKernelApp.parent_handle={os.getppid()}"  # where there is no parent-death signal
    kernelapp.IPKernelApp.launch_instance([*argv, *_OPTIONS, ends_with_us])


if __name__ == "__main__":
    main(int(sys.argv[1]))
