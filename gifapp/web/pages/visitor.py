"""Authenticates and authorises visitors for Jupyter's handlers."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from jupyter_server.auth.authorizer import Authorizer
from jupyter_server.auth.identity import IdentityProvider, User
from tornado import web

from gifapp import errors
from gifapp.identity.service import Caller
from gifapp.identity.throttle import network_of
from gifapp.web.http.base import SESSION_COOKIE
from gifapp.web.http.context import Parts
from gifapp.web.pages.kernels import Kernels

Result = TypeVar("Result")


@dataclass(kw_only=True)
class Visitor(User):
    """A Jupyter user with the caller behind it."""

    caller: Caller


class CookieIdentity(IdentityProvider):
    """Authenticates by our session cookie only."""

    async def get_user(self, handler: web.RequestHandler) -> Visitor | None:
        cookie = handler.get_cookie(SESSION_COOKIE)
        if not cookie:
            return None
        caller = await on_thread(handler, handler.settings["gifapp"].identity.caller_of_cookie, cookie)
        return Visitor(username=caller.user_id, caller=caller) if caller else None

    @property
    def auth_enabled(self) -> bool:
        return True


class KernelOwners(Authorizer):
    """Visitors may use their own kernels and nothing else of Jupyter."""

    def is_authorized(self, handler: web.RequestHandler, user: User, action: str, resource: str) -> bool:  # noqa: ARG002
        kernels: Kernels = handler.settings["gifapp_kernels"]
        kernel_id = handler.path_kwargs.get("kernel_id", "")
        return resource == "kernels" and kernels.belongs_to(kernel_id, user.username)


async def on_thread(
    handler: web.RequestHandler, method: Callable[..., Result], *arguments: object, **options: object
) -> Result:
    """Call a method of `Identity` on a thread; responds with 503 while its database is down."""
    parts: Parts = handler.settings["gifapp"]
    try:
        return await parts.short_call_pool.run(
            network_of(handler.request.remote_ip or ""), functools.partial(method, *arguments, **options)
        )
    except errors.Transient as unavailable:
        raise web.HTTPError(503, str(unavailable)) from unavailable
