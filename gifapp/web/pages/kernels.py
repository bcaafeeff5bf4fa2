"""Which kernel belongs to whom, what it may know, and how each one ends.

A page gets a kernel of its own, bound to its visitor. The kernel knows the address of this server
and a random token; with the token it gets the visitor's short-lived access tokens, for as long as
the visitor's session lives. A kernel ends when its page closes, when its page has been gone for a
while, when nobody ever came, and when the session ends.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_server.services.kernels.kernelmanager import ServerKernelManager
from traitlets import default

from gifapp import errors, processes
from gifapp.identity.service import Caller, Identity
from gifapp.web.pages.kernel_output import KernelOutput
from gifapp.web.pages.kernel_traffic import KernelTraffic

GRACE_S = 90.0
REAP_EVERY_S = 5.0
PER_VISITOR = 5

_MOST_SOCKETS = 4  # one a page; those whose line broke take a while to go
# the dashboard's kernel takes 190 MB of it, that of the page of operations 330
_LIMITS = processes.ProcessLimits(data_bytes=640 * 1024**2)
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # each processor would take some of it

# all that a kernel inherits: how to find programs, libraries, certificates, the language; no secrets
_INHERITED = frozenset(
    {
        *("PATH", "HOME", "USER", "TZ", "TMPDIR", "LANG", "LANGUAGE"),
        *("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR"),
        "ANYWIDGET_HMR",  # a developer's kernel follows changes of the widgets' files
        "GIFAPP_SENTRY_DSN",  # it lets one tell, and read nothing
    }
)

_log = logging.getLogger(__name__)


class Socket(Protocol):
    """The page's end of a kernel."""

    def close(self, code: int | None = None, reason: str | None = None) -> None: ...


@dataclass(eq=False)
class VisitorKernel:
    """One running kernel; `alone_since` is None while a page is connected to it."""

    kernel_id: str
    caller: Caller
    token_digest: str
    alone_since: float | None
    output: KernelOutput
    sockets: set[Socket] = field(default_factory=set)
    traffic: KernelTraffic = field(default_factory=KernelTraffic)


class Kernels:
    """Every kernel of this process, by id."""

    def __init__(
        self,
        manager: Any,
        identity: Identity,
        *,
        url: str,
        home: Path,
        most: int,
        per_visitor: int = PER_VISITOR,
        grace_s: float = GRACE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`manager` starts and stops Jupyter kernels; `url` is where they find the API."""
        self._manager = manager
        self._identity = identity
        self._url = url
        self._home = home
        self._most = most
        self._per_visitor = per_visitor
        self._grace_s = grace_s
        self._clock = clock
        self._kernels: dict[str, VisitorKernel] = {}

    def __len__(self) -> int:
        return len(self._kernels)

    def ids(self) -> list[str]:
        return list(self._kernels)

    def belongs_to(self, kernel_id: str, user_id: str) -> bool:
        kernel = self._kernels.get(kernel_id)
        return kernel is not None and kernel.caller.user_id == user_id

    async def start(self, caller: Caller, kernel_name: str) -> str:
        """The id of a new kernel bound to `caller`.

        Raises:
            errors.DashboardsFull: as many are open as this server may carry.
            errors.TooManyDashboards: as many are open as one visitor may have.
        """
        self._admit(caller)
        token = secrets.token_urlsafe(32)
        kernel_id = str(uuid4())
        kernel = VisitorKernel(kernel_id, caller, _digest(token), self._clock(), KernelOutput(kernel_id))
        self._kernels[kernel_id] = kernel  # before the wait, so that it counts
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
        """Whose kernel was given this token."""
        digest = _digest(token)
        return next((one.caller for one in self._kernels.values() if one.token_digest == digest), None)

    def connected(self, kernel_id: str, socket: Socket) -> bool:
        """Note a page's socket; False if the kernel has ended, or has as many as it may."""
        kernel = self._kernels.get(kernel_id)
        if kernel is None or len(kernel.sockets) >= _MOST_SOCKETS or not kernel.traffic.admit_socket():
            return False
        kernel.sockets.add(socket)
        kernel.alone_since = None
        return True

    def admit(self, kernel_id: str, message: bytes | str) -> None:
        """Count a message of a page.

        Raises:
            MessageRefused
        """
        if kernel := self._kernels.get(kernel_id):
            kernel.traffic.admit(message)

    def disconnected(self, kernel_id: str, socket: Socket) -> None:
        kernel = self._kernels.get(kernel_id)
        if kernel is not None and socket in kernel.sockets:
            kernel.sockets.discard(socket)
            kernel.alone_since = None if kernel.sockets else self._clock()

    async def end(self, kernel_id: str, reason: str = "closed") -> None:
        """Kill the kernel and say so to its page, if there is one; nothing if it has ended already."""
        kernel = self._kernels.pop(kernel_id, None)
        if kernel is None:
            return
        _log.info("kernel %s ends: %s", kernel_id, reason)
        for socket in list(kernel.sockets):
            socket.close(1000, reason)
        if kernel_id in self._manager:
            await self._manager.shutdown_kernel(kernel_id, now=True)  # there is no state to save
        if kernel.output.kernel_end.closed:  # else `start` still needs it
            kernel.output.close()

    async def end_all(self) -> None:
        await self._end_all(self.ids(), "the server stops")

    async def reap(self) -> None:
        """End what has died, what is alone for too long, and what belongs to a session that is over."""
        await self._end_all(self._dead(), "it died")
        await self._end_all(self._abandoned(), "nobody is connected")
        try:
            await self._end_sessions_that_are_over()
        except errors.Transient as error:  # a database that is away must not end anybody's page
            _log.warning("sessions not checked: %s", error)

    def _admit(self, caller: Caller) -> None:
        theirs = sum(one.caller.user_id == caller.user_id for one in self._kernels.values())
        if theirs >= self._per_visitor:
            raise errors.TooManyDashboards(limit=self._per_visitor)
        if len(self._kernels) >= self._most:
            raise errors.DashboardsFull(limit=self._most)

    async def _launch(self, kernel_id: str, kernel_name: str, token: str, printed: FileIO) -> None:
        own = {"GIFAPP_URL": self._url, "GIFAPP_KERNEL_TOKEN": token, "IPYTHONDIR": str(self._home)}
        own |= _ONE_THREAD
        await self._manager.start_kernel(
            kernel_id=kernel_id,
            kernel_name=kernel_name,
            cwd=str(self._home),
            env=inherited(os.environ) | own,
            preexec_fn=processes.preparation(os.getpid(), _LIMITS),
            stdout=printed,
            stderr=printed,
        )

    async def _end_sessions_that_are_over(self) -> None:
        for caller in {one.caller.session_id: one.caller for one in self._kernels.values()}.values():
            if not await asyncio.to_thread(self._identity.is_live, caller):
                await self._end_all(self._of_session(caller.session_id), "the session is over")

    async def _end_if_unwanted(self, kernel_id: str) -> None:
        if kernel_id not in self._kernels:  # signed out, or the server stops, while it was starting
            await self._manager.shutdown_kernel(kernel_id, now=True)
            raise errors.NotSignedIn

    async def _end_all(self, kernel_ids: Iterable[str], reason: str) -> None:
        await asyncio.gather(*(self.end(kernel_id, reason) for kernel_id in kernel_ids))

    def _of_session(self, session_id: str) -> list[str]:
        return [one.kernel_id for one in self._kernels.values() if one.caller.session_id == session_id]

    def _dead(self) -> list[str]:
        # one without a page may still be starting
        return [
            one.kernel_id
            for one in self._kernels.values()
            if one.sockets and one.kernel_id not in self._manager
        ]

    def _abandoned(self) -> list[str]:
        latest = self._clock() - self._grace_s
        return [
            one.kernel_id
            for one in self._kernels.values()
            if one.alone_since is not None and one.alone_since < latest
        ]


class PageClient(AsyncKernelClient):
    """What the renderer of a page talks to its kernel with.

    Without the heartbeat, a thread and a socket for what the manager sees in the process; waiting for
    that thread to end could block the server.
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
    """One kernel of Voilà's; ending it closes what the renderer of its page still has open to it."""

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._clients: list[Any] = []
        self._is_over = False

    @default("client_factory")
    def _page_client(self) -> type[PageClient]:
        return PageClient

    def client(self, **options: Any) -> Any:
        if self._is_over:  # while the page was about to be rendered
            raise RuntimeError("the kernel has ended")
        client = super().client(**options)
        self._clients.append(client)
        return client

    async def shutdown_kernel(self, now: bool = False, restart: bool = False) -> None:  # type: ignore[override]
        self._is_over = True
        await super().shutdown_kernel(now=now, restart=restart)
        # Voilà closes it at the end of the page, which one that is left or cut short never reaches
        while self._clients:
            self._clients.pop().stop_channels()


class VisitorKernels:
    """The kernels as the page of one visitor sees them: what Voilà's handler asks a manager for."""

    def __init__(self, kernels: Kernels, manager: Any, caller: Caller) -> None:
        self._kernels = kernels
        self._manager = manager
        self._caller = caller
        self.kernel_id: str | None = None

    async def start_kernel(self, *, kernel_name: str, **_: Any) -> str:
        """Start a kernel bound to the visitor; the environment Voilà would give it is dropped."""
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
