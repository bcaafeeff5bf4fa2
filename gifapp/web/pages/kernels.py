"""Starts, owns and shuts down the visitors' kernels.

Each page gets its own kernel, bound to its visitor. The kernel receives this server's URL and a random
token, which it exchanges for the visitor's short-lived access tokens while the visitor's session is
valid. It is shut down when its page closes or never connects, when the page has been disconnected for a
while, and when the session ends.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import structlog
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_server.services.kernels.kernelmanager import ServerKernelManager
from traitlets import default

from gifapp import errors
from gifapp.identity.service import Caller, Identity
from gifapp.web.pages.kernel_forkserver import KernelForkServer
from gifapp.web.pages.kernel_output import KernelOutput
from gifapp.web.pages.kernel_provisioner import ForkedProvisioner
from gifapp.web.pages.kernel_traffic import KernelTraffic

GRACE_S = 90.0
REAP_EVERY_S = 5.0
PER_VISITOR = 5

_MAX_SOCKETS = 4  # a page uses one, but broken connections take a while to close
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # each thread would take memory

# the environment that kernels inherit: programs, libraries, certificates and language, but no secrets
_INHERITED = frozenset(
    {
        *("PATH", "HOME", "USER", "TZ", "TMPDIR", "LANG", "LANGUAGE"),
        *("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR"),
        "ANYWIDGET_HMR",  # hot reload of widget files, for developers
        "GIFAPP_SENTRY_DSN",  # not a secret: it allows sending reports, not reading them
    }
)

_log = structlog.get_logger()


class Socket(Protocol):
    """The websocket from a page to its kernel."""

    def close(self, code: int | None = None, reason: str | None = None) -> None: ...


@dataclass(eq=False)
class VisitorKernel:
    """A running kernel; `disconnected_since` is None while a page is connected to it."""

    kernel_id: str
    caller: Caller
    token_digest: str
    disconnected_since: float | None
    output: KernelOutput
    sockets: set[Socket] = field(default_factory=set)
    traffic: KernelTraffic = field(default_factory=KernelTraffic)


class Kernels:
    """All kernels of this process."""

    def __init__(
        self,
        manager: Any,
        identity: Identity,
        *,
        url: str,
        home: Path,
        max_kernels: int,
        per_visitor: int = PER_VISITOR,
        grace_s: float = GRACE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`manager` starts and stops Jupyter kernels; `url` is the API's URL for them."""
        self._manager = manager
        self._identity = identity
        self._url = url
        self._home = home
        self._max_kernels = max_kernels
        self._per_visitor = per_visitor
        self._grace_s = grace_s
        self._clock = clock
        self._server = KernelForkServer(inherited(os.environ) | _ONE_THREAD)
        self._kernels: dict[str, VisitorKernel] = {}

    def __len__(self) -> int:
        return len(self._kernels)

    def warm_up(self) -> None:
        """Start the process that kernels are forked from, so that the first page need not wait for it.

        Call it from a thread that lives as long as the kernels should.
        """
        self._server.start()

    def ids(self) -> list[str]:
        return list(self._kernels)

    def belongs_to(self, kernel_id: str, user_id: str) -> bool:
        kernel = self._kernels.get(kernel_id)
        return kernel is not None and kernel.caller.user_id == user_id

    async def start(self, caller: Caller, kernel_name: str) -> str:
        """Start a kernel bound to `caller`, and return its id.

        Raises:
            errors.DashboardsFull: the server's limit of kernels is reached.
            errors.TooManyDashboards: the visitor's limit of kernels is reached.
        """
        self._admit(caller)
        token = secrets.token_urlsafe(32)
        kernel_id = str(uuid4())
        kernel = VisitorKernel(kernel_id, caller, _digest(token), self._clock(), KernelOutput(kernel_id))
        self._kernels[kernel_id] = kernel  # before the await, so that it counts towards the limits
        try:
            with kernel.output.kernel_end as printed:
                await self._launch(kernel_id, kernel_name, token, printed)
            await self._end_if_unwanted(kernel_id)
        except BaseException:
            self._kernels.pop(kernel_id, None)
            kernel.output.close()
            raise
        return kernel_id

    def caller_of(self, token: str) -> Caller | None:
        """The visitor whose kernel was given this token."""
        digest = _digest(token)
        kernels = self._kernels.values()
        return next((kernel.caller for kernel in kernels if kernel.token_digest == digest), None)

    def connected(self, kernel_id: str, socket: Socket) -> bool:
        """Register a page's socket; False if the kernel has ended or has too many sockets."""
        kernel = self._kernels.get(kernel_id)
        if kernel is None or len(kernel.sockets) >= _MAX_SOCKETS or not kernel.traffic.admit_socket():
            return False
        kernel.sockets.add(socket)
        kernel.disconnected_since = None
        return True

    def admit(self, kernel_id: str, message: bytes | str) -> None:
        """Validate and count a message from a page.

        Raises:
            MessageRefused
        """
        if kernel := self._kernels.get(kernel_id):
            kernel.traffic.admit(message)

    def disconnected(self, kernel_id: str, socket: Socket) -> None:
        kernel = self._kernels.get(kernel_id)
        if kernel is not None and socket in kernel.sockets:
            kernel.sockets.discard(socket)
            kernel.disconnected_since = None if kernel.sockets else self._clock()

    async def end(self, kernel_id: str, reason: str = "closed") -> None:
        """Kill the kernel and close its page's sockets; does nothing if it has already ended."""
        kernel = self._kernels.pop(kernel_id, None)
        if kernel is None:
            return
        _log.info("kernel stopped", kernel_id=kernel_id, reason=reason)
        for socket in list(kernel.sockets):
            socket.close(1000, reason)
        if kernel_id in self._manager:
            await self._manager.shutdown_kernel(kernel_id, now=True)  # there is no state to save
        if kernel.output.kernel_end.closed:  # if not, `start` still needs it
            kernel.output.close()

    async def end_all(self) -> None:
        await self._end_all(self.ids(), "the server is stopping")
        self._server.stop()

    async def reap(self) -> None:
        """Shut down kernels that died, were disconnected for too long, or whose session has ended."""
        await self._end_all(self._dead(), "the kernel died")
        await self._end_all(self._abandoned(), "no page is connected")
        try:
            await self._end_sessions_that_are_over()
        except errors.Transient as error:  # a database outage must not close any page
            _log.warning("sessions not checked", reason=str(error))

    def _admit(self, caller: Caller) -> None:
        of_caller = sum(kernel.caller.user_id == caller.user_id for kernel in self._kernels.values())
        if of_caller >= self._per_visitor:
            raise errors.TooManyDashboards(limit=self._per_visitor)
        if len(self._kernels) >= self._max_kernels:
            raise errors.DashboardsFull(limit=self._max_kernels)

    async def _launch(self, kernel_id: str, kernel_name: str, token: str, printed: FileIO) -> None:
        own = {"GIFAPP_URL": self._url, "GIFAPP_KERNEL_TOKEN": token, "IPYTHONDIR": str(self._home)}
        own |= _ONE_THREAD
        await self._manager.start_kernel(
            kernel_id=kernel_id,
            kernel_name=kernel_name,
            cwd=str(self._home),
            env=inherited(os.environ) | own,
            server=self._server,
            output=printed,
        )

    async def _end_sessions_that_are_over(self) -> None:
        callers = {kernel.caller.session_id: kernel.caller for kernel in self._kernels.values()}
        for caller in callers.values():
            if not await asyncio.to_thread(self._identity.is_live, caller):
                await self._end_all(self._of_session(caller.session_id), "the session has ended")

    async def _end_if_unwanted(self, kernel_id: str) -> None:
        if kernel_id not in self._kernels:  # ended while it was starting: a sign-out, or the server stops
            await self._manager.shutdown_kernel(kernel_id, now=True)
            raise errors.NotSignedIn

    async def _end_all(self, kernel_ids: Iterable[str], reason: str) -> None:
        await asyncio.gather(*(self.end(kernel_id, reason) for kernel_id in kernel_ids))

    def _of_session(self, session_id: str) -> list[str]:
        return [
            kernel.kernel_id for kernel in self._kernels.values() if kernel.caller.session_id == session_id
        ]

    def _dead(self) -> list[str]:
        # a kernel without a page may still be starting
        return [
            kernel.kernel_id
            for kernel in self._kernels.values()
            if kernel.sockets and kernel.kernel_id not in self._manager
        ]

    def _abandoned(self) -> list[str]:
        latest = self._clock() - self._grace_s
        return [
            kernel.kernel_id
            for kernel in self._kernels.values()
            if kernel.disconnected_since is not None and kernel.disconnected_since < latest
        ]


class PageClient(AsyncKernelClient):
    """The client by which the page renderer talks to its kernel, without the heartbeat channel.

    The heartbeat takes a thread and a socket to learn what the manager sees from the process, and waiting
    for that thread to end could block the server.
    """

    def start_channels(
        self,
        shell: bool = True,
        iopub: bool = True,
        stdin: bool = True,
        hb: bool = False,  # noqa: ARG002
        control: bool = True,
    ) -> None:
        super().start_channels(shell, iopub, stdin, hb=False, control=control)


class PageKernel(ServerKernelManager):
    """A kernel of Voilà; shutting it down also closes the channels of its page's renderer."""

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._clients: list[Any] = []
        self._is_over = False

    @default("client_factory")
    def _page_client(self) -> type[PageClient]:
        return PageClient

    async def start_kernel(self, *, kernel_id: str, **launch: Any) -> None:  # type: ignore[override]
        self.provisioner = ForkedProvisioner(kernel_id=kernel_id, kernel_spec=self.kernel_spec, parent=self)
        await super().start_kernel(kernel_id=kernel_id, **launch)

    def client(self, **options: Any) -> Any:
        if self._is_over:  # it was shut down just before the page was rendered
            raise RuntimeError("the kernel has ended")
        client = super().client(**options)
        self._clients.append(client)
        return client

    async def shutdown_kernel(self, now: bool = False, restart: bool = False) -> None:  # type: ignore[override]
        self._is_over = True
        await super().shutdown_kernel(now=now, restart=restart)
        # Voilà closes clients at the end of the page, which an abandoned page never reaches
        while self._clients:
            self._clients.pop().stop_channels()


class VisitorKernels:
    """The part of a kernel manager that Voilà's handler uses, limited to one visitor."""

    def __init__(self, kernels: Kernels, manager: Any, caller: Caller) -> None:
        self._kernels = kernels
        self._manager = manager
        self._caller = caller
        self.kernel_id: str | None = None

    async def start_kernel(self, *, kernel_name: str, **_: Any) -> str:
        """Start a kernel bound to the visitor, without the environment that Voilà passes."""
        self.kernel_id = await self._kernels.start(self._caller, kernel_name)
        return self.kernel_id

    def get_kernel(self, kernel_id: str) -> Any:
        return self._manager.get_kernel(kernel_id)


def inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """The part of this process's environment that a visitor's kernel may see."""
    return {
        name: value for name, value in environment.items() if name in _INHERITED or name.startswith("LC_")
    }


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
