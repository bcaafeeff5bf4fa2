"""The web server: the API, the dashboard and its kernels in one Tornado server.

`GifApp` is standalone Voilà, configured in code. `init_handlers` lists every route, and replaces those of
Voilà: nothing else is served.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

import click
import nbformat
from tornado.ioloop import PeriodicCallback
from traitlets.config import Config
from voila._version import __version__ as voila_version
from voila.app import Voila
from voila.configuration import VoilaConfiguration

from gifapp import errors
from gifapp.dirlock import hold, owner_alive
from gifapp.domain.networks import Network
from gifapp.private import is_own_directory
from gifapp.web.api import api_routes
from gifapp.web.http.base import NotFoundHandler
from gifapp.web.http.client_address import TrustedProxies
from gifapp.web.http.context import Parts
from gifapp.web.http.server import WebApplication, WebServer
from gifapp.web.pages.kernel_handlers import (
    ALLOWED_MESSAGES,
    KernelEnd,
    KernelModel,
    KernelSocket,
    KernelToken,
)
from gifapp.web.pages.kernels import REAP_EVERY_S, Kernels
from gifapp.web.pages.pages import (
    DASHBOARD,
    HEADERS,
    OPERATIONS,
    TEMPLATE,
    YEAR_S,
    Assets,
    Dashboard,
    NotFound,
    Operations,
    jupyter_directory,
)
from gifapp.web.pages.visitor import CookieIdentity, KernelOwners
from gifapp.web.traffic.connections import BY_ADDRESS, Connections

BACKLOG = 4096  # not yet accepted: beyond it the kernel drops new ones, and their clients wait a second
CONNECTIONS_OF_KERNEL = 5
MAX_MESSAGE_BYTES = 1024 * 1024
_HOME = "gifapp-web-"

_KERNEL_ID = r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"
_EXTENSIONS = ("@jupyter-widgets/jupyterlab-manager", "@voila-dashboards/widgets-manager8", "anywidget")


class GifApp(Voila):
    """One server on one port; `start` returns once it listens, `stop` shuts down its kernels."""

    def __init__(
        self,
        parts: Parts,
        *,
        notebooks: Path,
        host: str = "127.0.0.1",
        port: int = 0,
        proxies: TrustedProxies | None = None,
        max_kernels: int = 40,
        connections_by_address: int = BY_ADDRESS,
        drain_s: float = 1.0,
    ) -> None:
        _put_checkout_first()
        super().__init__(config=_configuration(), log=logging.getLogger("gifapp.voila"))
        self.parts = parts
        self._notebooks = notebooks
        self.notebook_path = str(notebooks / DASHBOARD)
        self.ip = host
        self.port = port
        self.port_retries = 0
        self._proxies = proxies or TrustedProxies()
        self._max_kernels = max_kernels
        # kernels are clients too, all with the same address
        self._connections = Connections(max(connections_by_address, CONNECTIONS_OF_KERNEL * max_kernels))
        self._drain_s = drain_s
        self.initialize()

    @property
    def local_url(self) -> str:
        """The server's URL on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(self.ip, self.ip)  # noqa: S104
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def initialize(self, argv: Any = None) -> None:  # noqa: ARG002
        """Configure from code only: no command line, files or signal handlers."""
        self.voila_configuration = VoilaConfiguration(parent=self)
        self.setup_template_dirs()

    async def start(self) -> None:
        """Start listening.

        Raises:
            errors.PortTaken: another process listens on the port.
            errors.ServerFailed: the address cannot be used.
        """
        listening = self._bind()
        _remove_left_by_killed()
        self.connection_dir = tempfile.mkdtemp(prefix=_HOME)  # mode 700, because it contains kernels' keys
        self._held = hold(Path(self.connection_dir))
        self.app = WebApplication(
            api_routes(), proxies=self._proxies, connections=self._connections, **self.init_settings()
        )
        self.app.add_handlers(".*$", self.init_handlers())
        self._server = WebServer(self.app)
        self.parts.instruments.watch(
            kernels=lambda: len(self.kernels.ids()),
            kernels_limit=lambda: self._max_kernels,
            websockets=lambda: self.parts.hub.listening,
        )
        self.parts.hub.start()
        self._server.add_socket(listening)
        self._reaper = PeriodicCallback(self.kernels.reap, REAP_EVERY_S * 1000)
        self._reaper.start()

    async def stop(self) -> None:
        """Stop accepting connections, shut down kernels, finish requests in flight, close connections."""
        await asyncio.sleep(0)  # lets pending connections be accepted; they would be reset
        self._server.stop()
        self.parts.in_flight.is_stopping = True
        self._reaper.stop()
        await self.kernels.end_all()
        await self.parts.hub.stop()
        await self.parts.in_flight.end(within_s=self._drain_s)
        await self._server.close_all_connections()
        await asyncio.gather(*self.parts.cleanup_tasks)
        self.parts.request_limits.close()
        self.kernel_manager.context.destroy(linger=0)  # pages may not have closed their sockets yet
        shutil.rmtree(self.connection_dir, ignore_errors=True)
        self._held.close()

    def init_settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = super().init_settings()
        self.kernel_manager.allowed_message_types = list(ALLOWED_MESSAGES)
        for name in (DASHBOARD, OPERATIONS):
            self.contents_manager.notary.sign(nbformat.read(self._notebooks / name, 4))
        self.kernels = Kernels(
            self.kernel_manager,
            self.parts.identity,
            url=self.local_url,
            home=Path(self.connection_dir),
            max_kernels=self._max_kernels,
        )
        return settings | {
            "gifapp": self.parts,
            "gifapp_kernels": self.kernels,
            "headers": HEADERS,
            "compress_response": True,
            "xsrf_cookie_kwargs": {"samesite": "Lax", "secure": self.parts.cookie_secure},
            "default_handler_class": NotFound,
            "websocket_max_message_size": MAX_MESSAGE_BYTES,
        }

    def init_handlers(self) -> list[Any]:
        frontend = {"paths": self.static_paths, "cache_s": YEAR_S}
        return [
            *api_routes(),
            (r"/api/v1/kernel/token", KernelToken),
            (rf"/api/kernels/{_KERNEL_ID}", KernelModel),
            (rf"/api/kernels/{_KERNEL_ID}/channels", KernelSocket),
            (r"/api/.*", NotFoundHandler),
            (rf"/voila/api/shutdown/{_KERNEL_ID}", KernelEnd),
            (rf"/voila/templates/{TEMPLATE}/static/(.*)", Assets, {"paths": self.static_paths}),
            (rf"/voila/static/{voila_version}/(.*)", Assets, frontend),
            (r"/voila/labextensions/(.*)", Assets, {"paths": self.labextensions_path, "cache_s": 3600}),
            (r"/()", Dashboard, self._page(DASHBOARD)),
            (r"/operations()", Operations, self._page(OPERATIONS)),
        ]

    def _page(self, notebook: str) -> dict[str, Any]:
        return {
            "notebook_path": os.path.relpath(self._notebooks / notebook, self.root_dir),
            "template_paths": self.template_paths,
            "config": self.config,
            "voila_configuration": self.voila_configuration,
        }

    def _bind(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.ip else socket.AF_INET
        try:
            listening = socket.create_server((self.ip, self.port), family=family, backlog=BACKLOG)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise errors.PortTaken(host=self.ip, port=self.port) from None
            raise errors.ServerFailed(program="gifapp web", reason=error.strerror) from None
        listening.setblocking(False)
        self.port = listening.getsockname()[1]
        return listening


def run_web(
    parts: Parts,
    *,
    notebooks: Path,
    host: str,
    port: int,
    public_url: str | None = None,
    trusted_proxies: Collection[Network] = (),
    max_kernels: int = 40,
    connections_by_address: int = BY_ADDRESS,
    drain_s: float = 1.0,
) -> None:
    """Serve until SIGTERM or SIGINT, then give requests in flight `drain_s` to finish.

    `public_url`: the address that users open; `trusted_proxies`: whose `X-Forwarded-…` headers are trusted.

    Raises:
        errors.PortTaken: before anything was started.
    """
    app = GifApp(
        parts,
        notebooks=notebooks,
        host=host,
        port=port,
        proxies=TrustedProxies(trusted_proxies, expects_proxy=public_url is not None),
        max_kernels=max_kernels,
        connections_by_address=connections_by_address,
        drain_s=drain_s,
    )
    sys.setswitchinterval(0.001)  # not 5 ms: the event loop waits this long for each busy thread
    asyncio.run(_serve(app, public_url))


async def _serve(app: GifApp, public_url: str | None) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    setup_token = await asyncio.to_thread(app.parts.identity.setup_token)
    await app.start()
    try:
        if setup_token is not None:  # before the first response, which `gifapp up` waits for
            url = (public_url or app.local_url).rstrip("/")
            click.echo(f"Create the administrator account at {url}/?setup={setup_token}")
        app.kernels.warm_up()
        await stopping.wait()
    finally:
        await app.stop()


def _remove_left_by_killed() -> None:
    """Remove the temporary directories of web processes on this machine that were killed."""
    for directory in Path(tempfile.gettempdir()).glob(f"{_HOME}*"):
        if is_own_directory(directory) and owner_alive(directory) is False:
            shutil.rmtree(directory, ignore_errors=True)


def _put_checkout_first() -> None:
    """Make Jupyter prefer the checkout's template to a copy that an editable install left behind."""
    directory = jupyter_directory()
    paths = [path for path in os.environ.get("JUPYTER_PATH", "").split(os.pathsep) if path]
    if directory is not None and str(directory) not in paths:
        os.environ["JUPYTER_PATH"] = os.pathsep.join([str(directory), *paths])


def _configuration() -> Config:
    config = Config()
    config.VoilaConfiguration.template = TEMPLATE
    config.VoilaConfiguration.allow_template_override = "NO"
    config.VoilaConfiguration.allow_theme_override = "NO"
    config.VoilaConfiguration.file_allowlist = []
    config.VoilaConfiguration.extension_allowlist = list(_EXTENSIONS)
    config.Voila.open_browser = False
    config.Voila.authorizer_class = KernelOwners
    config.Voila.identity_provider_class = CookieIdentity
    config.VoilaExecutor.timeout = 60
    config.VoilaExecutor.cell_error_instruction = (
        "Reload the page; if that doesn't help, contact your administrator."
    )
    config.VoilaConfiguration.multi_kernel_manager_class = "gifapp.web.pages.kernel_backlog.PageKernelManager"
    config.MappingKernelManager.kernel_manager_class = "gifapp.web.pages.kernels.PageKernel"
    config.MappingKernelManager.transport_encryption = "auto"  # between us and the kernels
    config.NotebookNotary.db_file = ":memory:"  # do not use JupyterLab's database of trusted notebooks
    config.NotebookNotary.secret = secrets.token_bytes(32)
    config.KernelRestarter.restart_limit = 0  # a restarted kernel has no widgets; the page shows that it died
    return config
