"""What a browser may do with a kernel: look at its own, talk to its widgets, end it.

Each asks `visitor.KernelOwners` first, so a kernel that is another's, or none, is a 403.
"""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from gifapp import errors
from gifapp.web.base import BaseHandler

# what widgets speak; a browser can execute nothing
ALLOWED_MESSAGES = ("comm_open", "comm_close", "comm_msg", "comm_info_request", "kernel_info_request")


class _OwnKernel(APIHandler):
    auth_resource = "kernels"


class KernelModel(_OwnKernel):
    """`GET`: what Voilà's frontend asks before it connects."""

    @web.authenticated
    @authorized
    async def get(self, kernel_id: str) -> None:
        manager: Any = self.kernel_manager
        self.finish(manager.kernel_model(kernel_id))


class KernelEnd(_OwnKernel):
    """`POST`: the page closes."""

    @web.authenticated
    @authorized
    async def post(self, kernel_id: str) -> None:
        await self.settings["gifapp_kernels"].end(kernel_id)
        self.set_status(204)
        self.finish()


class KernelSocket(VoilaKernelWebsocketHandler):
    """The widgets' messages, both ways."""

    async def open(self, kernel_id: str) -> None:
        self.settings["gifapp_kernels"].connected(kernel_id, self)
        await super().open(kernel_id)

    def on_close(self) -> None:
        self.settings["gifapp_kernels"].disconnected(self.kernel_id, self)
        super().on_close()


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
