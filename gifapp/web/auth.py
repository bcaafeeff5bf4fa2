"""Making an account, signing in and out, a new password."""

from __future__ import annotations

from typing import ClassVar

from gifapp import errors
from gifapp.identity.service import Session
from gifapp.web.base import SESSION_COOKIE, BaseHandler, PrivateHandler
from gifapp.web.payloads import Payload


class Registration(Payload):
    email: str
    password: str
    setup_token: str | None = None
    invite: str | None = None


class Credentials(Payload):
    email: str
    password: str


class PasswordChange(Payload):
    current_password: str
    new_password: str


class _SessionHandler(BaseHandler):
    """The cookie that keeps a session, and the answer that begins one."""

    def answer_session(self, session: Session) -> None:
        self.set_cookie(
            SESSION_COOKIE,
            session.refresh_token,
            max_age=session.refresh_expires_in,
            path="/",
            httponly=True,
            samesite="Lax",
            secure=self.parts.cookie_secure,
        )
        self.xsrf_token  # noqa: B018  sets the cookie that refresh and logout ask for
        user = session.user.model_dump()
        self.write({"access_token": session.access_token, "expires_in": session.expires_in, "user": user})


class RegisterHandler(BaseHandler):
    """`POST`: make an account."""

    limited_as: ClassVar = {"POST": None}  # identity counts attempts

    async def post(self) -> None:
        given = self.json_body(Registration)
        user = await self.run_blocking(
            self.parts.identity.register,
            given.email,
            given.password,
            given.setup_token,
            given.invite,
            address=self.request.remote_ip or "",
        )
        self.set_status(201)
        self.write_model(user)


class LoginHandler(_SessionHandler):
    """`POST`: an access token, and the cookie for the next ones."""

    limited_as: ClassVar = {"POST": None}  # identity counts attempts

    async def post(self) -> None:
        given = self.json_body(Credentials)
        address = self.request.remote_ip or ""
        session = await self.run_blocking(self.parts.identity.login, given.email, given.password, address)
        self.answer_session(session)


class RefreshHandler(_SessionHandler):
    """`POST`: the next access token, and the next cookie."""

    async def post(self) -> None:
        token = self.get_cookie(SESSION_COOKIE)
        if not token:
            raise errors.NotSignedIn
        self.require_xsrf()
        self.answer_session(await self.run_blocking(self.parts.identity.refresh, token))


class LogoutHandler(_SessionHandler):
    """`POST`: the session is over, its access tokens too."""

    async def post(self) -> None:
        token = self.get_cookie(SESSION_COOKIE)
        if token:
            self.require_xsrf()
            await self.run_blocking(self.parts.identity.logout, token)
        self.clear_cookie(SESSION_COOKIE, path="/")
        self.set_status(204)


class PasswordHandler(PrivateHandler, _SessionHandler):
    """`POST`: a new password; every session ends and a new one begins."""

    async def post(self) -> None:
        given = self.json_body(PasswordChange)
        session = await self.run_blocking(
            self.parts.identity.change_password,
            self.user,
            given.current_password,
            given.new_password,
            self.request.remote_ip or "",
        )
        self.answer_session(session)
