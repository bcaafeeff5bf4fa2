"""The web pages: sign-in, dashboard, operations, errors."""

from __future__ import annotations

import asyncio
import functools
from http import HTTPStatus
from pathlib import Path
from typing import Any, ClassVar

import jinja2
import structlog
import voila.notebook_renderer
from jupyter_core.paths import jupyter_path
from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler
from tornado import web
from tornado.iostream import StreamClosedError
from voila._version import __version__ as voila_version
from voila.static_file_handler import MultiStaticFileHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.utils import create_include_assets_functions

from gifapp import errors
from gifapp.web.http.compressed_files import CompressedFiles
from gifapp.web.pages.kernels import VisitorKernels
from gifapp.web.pages.page_exporter import PageExporter
from gifapp.web.pages.visitor import on_thread

TEMPLATE = "gifapp"
RENDER_TIMEOUT_S = 60.0
YEAR_S = 365 * 24 * 3600
DASHBOARD, OPERATIONS = "dashboard.ipynb", "operations.ipynb"

_CHECKOUT = Path(__file__).resolve().parents[3]

# 'unsafe-inline': Voilà's page contains its cells in scripts; blob: anywidget imports its modules from them
_DASHBOARD_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self' data:; connect-src 'self'; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
_PLAIN_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)

HEADERS = {
    "Content-Security-Policy": _DASHBOARD_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}

voila.notebook_renderer.VoilaExporter = PageExporter  # Voilà has no setting for it

_log = structlog.get_logger()


def jupyter_directory() -> Path | None:
    """The source checkout, which is laid out like a Jupyter data directory; None if installed."""
    return _CHECKOUT if (_CHECKOUT / "voila" / "templates" / TEMPLATE).is_dir() else None


def notebooks_directory() -> Path:
    """The directory of our pages' notebooks: in the checkout, or else as installed.

    Raises:
        errors.ServerFailed: neither exists.
    """
    checkout = jupyter_directory()
    installed = [Path(path) / "gifapp" / "notebooks" for path in jupyter_path()]
    for directory in [checkout / "notebooks", *installed] if checkout else installed:
        if all((directory / name).is_file() for name in (DASHBOARD, OPERATIONS)):
            return directory
    raise errors.ServerFailed(program="gifapp web", reason="its notebooks are not installed")


class _Page(JupyterHandler):
    """Renders our templates, including error pages."""

    def show(self, name: str, **names: Any) -> None:
        """Respond with a page that needs no kernel."""
        self.set_header("Content-Security-Policy", _PLAIN_POLICY)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(_rendered(self.settings["voila_jinja2_env"], self.base_url, name, **names))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, errors.GifappError):
            sentence = str(error)
        else:
            sentence = _SENTENCES.get(status_code, HTTPStatus(status_code).description)
        if isinstance(error, errors.RateLimited):
            self.set_header("Retry-After", str(error.facts["retry_after_s"]))
        if status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            self.set_header("Retry-After", "60")
        self.show("error.html", status=status_code, title=_title(status_code, error), sentence=sentence)


@functools.lru_cache(maxsize=16)
def _rendered(templates: jinja2.Environment, base_url: str, name: str, **names: Any) -> str:
    """The page's HTML; rendering reads and hashes each file that it includes."""
    assets = create_include_assets_functions(TEMPLATE, base_url)
    return templates.get_template(name).render(**assets, **names)


_SENTENCES = {
    404: "There is nothing at this address.",
    503: "Part of this server is unavailable. Reload the page in a moment.",
    500: "This page couldn't be loaded. Reload it; if that doesn't help, contact your administrator.",
}


def _title(status: int, error: BaseException | None) -> str:
    if isinstance(error, errors.TooManyDashboards):
        return "Too many open dashboards"
    if isinstance(error, errors.RateLimited):
        return "Too many pages at once"
    if isinstance(error, errors.LimitReached):
        return "All dashboards are in use"
    return {404: "Page not found", 503: "Temporarily unavailable"}.get(status, "Something went wrong")


class Dashboard(_Page, TornadoVoilaHandler):
    """`GET /`: the sign-in page, or the notebook with a kernel bound to the visitor."""

    page: ClassVar[str] = "dashboard"

    def initialize(self, **kwargs: Any) -> None:
        super().initialize(**kwargs)
        self.page_config_hook = self._page_config
        self._visitor_kernels: VisitorKernels | None = None

    @property
    def kernel_manager(self) -> Any:
        """The visitor's kernels; Voilà's handler sees no others."""
        if self._visitor_kernels is None:
            manager = self.settings["kernel_manager"]
            kernels = self.settings["gifapp_kernels"]
            self._visitor_kernels = VisitorKernels(kernels, manager, self.current_user.caller)
        return self._visitor_kernels

    @allow_unauthenticated
    async def get(self, path: str | None = None) -> None:  # noqa: ARG002
        self.xsrf_token  # noqa: B018  sets the cookie, which signing in and the page-close beacon need
        # a reset link shows the sign-in page even when signed in
        if self.current_user is None or self.get_query_argument("reset", ""):
            await self._sign_in()
            return
        try:
            self.check_visitor()
            await self._count()
            await self._render()
        except errors.AdministratorsOnly as denied:
            self.send_error(403, exc_info=(type(denied), denied, None))
        except errors.RateLimited as often:
            self.send_error(429, exc_info=(type(often), often, None))
        except errors.LimitReached as full:
            self.send_error(503, exc_info=(type(full), full, None))
        except StreamClosedError:
            await self._leave()

    def check_visitor(self) -> None:
        """Raises errors.AdministratorsOnly if the visitor may not open the page."""

    async def _count(self) -> None:
        """Count the page: each takes a process, and time to build. Raises errors.RateLimited."""
        limits, user_id = self.settings["gifapp"].request_limits, self.current_user.username
        await on_thread(self, limits.count, "pages", user_id=user_id, address=self.request.remote_ip or "")

    async def _sign_in(self) -> None:
        identity = self.settings["gifapp"].identity
        token = await on_thread(self, identity.setup_token)
        self.show("signin.html", no_account_yet=token is not None, registration=identity.registration)

    async def _render(self) -> None:
        end = asyncio.get_running_loop().time() + RENDER_TIMEOUT_S
        async for html in self.get_generator():
            self.write(html)
            await self.flush()
            # when Voilà's renderer has failed, it sends heartbeats forever (voila#1446)
            if asyncio.get_running_loop().time() > end:
                _log.error("page not rendered in time", kernel_id=self.kernel_manager.kernel_id)
                self.write("<script>window.gifapp.failed()</script>")
                break

    def on_connection_close(self) -> None:
        super().on_connection_close()
        if self._visitor_kernels is not None:
            self._leaving = asyncio.ensure_future(self._leave())

    async def _leave(self) -> None:
        """Shut down the kernel: the visitor closed the page before it was rendered."""
        await self.settings["gifapp_kernels"].end(self.kernel_manager.kernel_id, "the page was closed")

    def _page_config(self, page_config: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The configuration of the template and Voilà's frontend; its chunks have one URL per version."""
        static_url = f"{page_config['fullStaticUrl']}/{voila_version}"
        caller = self.current_user.caller
        visitor = {"email": caller.email, "role": caller.role, "page": self.page}
        return page_config | {"fullStaticUrl": static_url, "gifapp": visitor}


class Operations(Dashboard):
    """`GET /operations`: the notebook of administrators."""

    page: ClassVar[str] = "operations"

    def check_visitor(self) -> None:
        if self.current_user.caller.role != "administrator":
            raise errors.AdministratorsOnly


class NotFound(_Page):
    """Answers 404, for unknown paths."""

    @allow_unauthenticated
    def get(self) -> None:
        raise web.HTTPError(404)

    head = post = put = patch = delete = options = get

    def check_xsrf_cookie(self) -> None:
        """Do nothing: static files need no protection."""


class Assets(MultiStaticFileHandler, CompressedFiles):
    """Static files, the same for everybody; `cache_s`: how long browsers may cache them."""

    def initialize(self, paths: list[str], cache_s: int = 0) -> None:  # type: ignore[override]
        super().initialize(paths)  # type: ignore[arg-type]
        self._cache_s = cache_s

    def set_default_headers(self) -> None:
        self.set_header("X-Content-Type-Options", "nosniff")

    def get_cache_time(self, path: str, modified: Any, mime_type: str) -> int:
        return self._cache_s or int(super().get_cache_time(path, modified, mime_type))
