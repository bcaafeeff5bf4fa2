"""What a browser may do with a kernel: look at its own, talk to its widgets, end it.

Jupyter's handlers ask `KernelOwners` first, so a kernel that is another's, or none, is a 403.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from jupyter_server.auth.authorizer import Authorizer
from jupyter_server.auth.decorator import authorized
from jupyter_server.auth.identity import IdentityProvider, User
from jupyter_server.base.handlers import APIHandler
from tornado import web
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from gifapp import errors
from gifapp.identity.service import Caller
from gifapp.web.base import SESSION_COOKIE, BaseHandler
from gifapp.web.kernels import Kernels

# what widgets speak; a browser can execute nothing
ALLOWED_MESSAGES = ("comm_open", "comm_close", "comm_msg", "comm_info_request", "kernel_info_request")


@dataclass(kw_only=True)
class Visitor(User):
    """Jupyter's user, with the caller it stands for."""

    caller: Caller


class CookieIdentity(IdentityProvider):
    """Jupyter's view of our session cookie; there is no other way in."""

    async def get_user(self, handler: web.RequestHandler) -> Visitor | None:
        cookie = handler.get_cookie(SESSION_COOKIE)
        if not cookie:
            return None
        identity = handler.settings["gifapp"].identity
        caller = await asyncio.to_thread(identity.caller_of_cookie, cookie)
        return Visitor(username=caller.user_id, caller=caller) if caller else None

    @property
    def auth_enabled(self) -> bool:
        return True


class KernelOwners(Authorizer):
    """A visitor may use the kernels that are theirs, and nothing else."""

    def is_authorized(self, handler: web.RequestHandler, user: User, action: str, resource: str) -> bool:  # noqa: ARG002
        kernels: Kernels = handler.settings["gifapp_kernels"]
        kernel_id = handler.path_kwargs.get("kernel_id", "")
        return resource == "kernels" and kernels.belongs_to(kernel_id, user.username)


class _OwnKernel(APIHandler):
    auth_resource = "kernels"


class KernelModel(_OwnKernel):
    """`GET`: what Voilà's frontend asks before it connects."""

    @web.authenticated
    @authorized
    async def get(self, kernel_id: str) -> None:
        self.finish(self._model(kernel_id))

    def _model(self, kernel_id: str) -> dict[str, Any]:
        if kernel_id not in self.kernel_manager:
            raise web.HTTPError(404)
        model: dict[str, Any] = self.kernel_manager.kernel_model(kernel_id)
        return model


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
