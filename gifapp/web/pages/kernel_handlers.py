"""The kernel routes a browser may use: get its model, exchange widget messages, shut it down.

`visitor.KernelOwners` authorises each request, so an unknown or somebody else's kernel returns 403.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from typing import Any

import structlog
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web
from tornado.websocket import WebSocketClosedError
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from gifapp import errors
from gifapp.web.http.base import BaseHandler
from gifapp.web.http.hub import TOO_SLOW
from gifapp.web.pages.kernel_traffic import PROTOCOL, MessageRefused

_log = structlog.get_logger()

# only the messages of widgets, so a browser cannot execute code
ALLOWED_MESSAGES = ("comm_open", "comm_close", "comm_msg", "comm_info_request", "kernel_info_request")

REFUSED = 1008
MAX_UNREAD_BYTES = 8_000_000  # the whole state of a page is 600,000


class _OwnKernel(APIHandler):
    auth_resource = "kernels"


class KernelModel(_OwnKernel):
    """`GET`: the kernel's model, which Voilà's frontend reads before it connects."""

    @web.authenticated
    @authorized
    async def get(self, kernel_id: str) -> None:
        manager: Any = self.kernel_manager
        self.finish(manager.kernel_model(kernel_id))


class KernelEnd(_OwnKernel):
    """`POST`: shut down the kernel, when its page closes."""

    @web.authenticated
    @authorized
    async def post(self, kernel_id: str) -> None:
        await self.settings["gifapp_kernels"].end(kernel_id)
        self.set_status(204)
        self.finish()


class KernelSocket(VoilaKernelWebsocketHandler):
    """The widget messages in both directions; limits what a page sends and how much it leaves unread."""

    _unread_bytes = 0
    _is_refused = False

    async def pre_get(self) -> None:
        kernels = self.settings["gifapp_kernels"]
        if not kernels.belongs_to(self.kernel_id, self.current_user.username):
            raise web.HTTPError(403)
        if PROTOCOL not in self.request.headers.get("Sec-WebSocket-Protocol", ""):
            raise web.HTTPError(400, f"This socket speaks {PROTOCOL}.")
        if not kernels.connected(self.kernel_id, self):
            raise web.HTTPError(429)
        await super().pre_get()

    def on_message(self, ws_message: bytes | str) -> None:
        if self._is_refused:
            return
        try:
            self.settings["gifapp_kernels"].admit(self.kernel_id, ws_message)
        except MessageRefused as refused:
            self._refuse(REFUSED, str(refused))
        else:
            super().on_message(ws_message)

    def write_message(self, message: bytes, binary: bool = False) -> Any:
        """Send a message; if the page has gone, drop it without an error."""
        if self.ws_connection is None:  # Jupyter's fallback protocol would keep Voilà reading forever
            return
        with contextlib.suppress(WebSocketClosedError):
            written = super().write_message(message, binary)
            if written is not None:  # Voilà sends some when no page is connected
                self._unread_bytes += len(message)
                written.add_done_callback(functools.partial(self._has_read, len(message)))
        if self._unread_bytes > MAX_UNREAD_BYTES:
            self._refuse(TOO_SLOW, "too slow")

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ARG002
        """Without a body: Jupyter's page for errors fails here, since we serve none of its files."""
        self.finish()

    def on_finish(self) -> None:
        if self.get_status() != 101:  # it was not upgraded to a websocket
            self._leave()
        super().on_finish()

    def on_close(self) -> None:
        self._leave()
        super().on_close()

    def _leave(self) -> None:
        self.settings["gifapp_kernels"].disconnected(self.path_kwargs["kernel_id"], self)

    def _has_read(self, size: int, written: asyncio.Future[None]) -> None:
        self._unread_bytes -= size
        if not written.cancelled():
            written.exception()  # asyncio logs exceptions that are never retrieved

    def _refuse(self, code: int, reason: str) -> None:
        if not self._is_refused:
            self._is_refused = True
            _log.warning("page disconnected", kernel_id=self.kernel_id, reason=reason)
            self.close(code, reason)


class KernelToken(BaseHandler):
    """`POST`: a kernel exchanges its token for a short-lived access token of its visitor."""

    async def post(self) -> None:
        caller = self.settings["gifapp_kernels"].caller_of(self.bearer())
        if caller is None:
            raise errors.TokenInvalid
        identity = self.settings["gifapp"].identity
        token, expires_in = await self.run_blocking(identity.access_token_for, caller)
        user = {"id": caller.user_id, "email": caller.email, "role": caller.role}
        self.write({"access_token": token, "expires_in": expires_in, "user": user})
