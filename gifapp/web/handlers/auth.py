"""Register, sign in, sign out, change the password."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import WithJsonSchema

from gifapp import errors
from gifapp.domain.views.jobs import SessionView, UserView
from gifapp.identity.service import Session
from gifapp.web.http.base import SESSION_COOKIE, BaseHandler, PrivateHandler
from gifapp.web.http.operations import operation
from gifapp.web.http.payloads import Payload, Secret

Email = Annotated[str, WithJsonSchema({"type": "string", "format": "email"})]


class Registration(Payload):
    email: Email
    password: Secret
    setup_token: Secret | None = None
    invite: Secret | None = None


class Credentials(Payload):
    email: Email
    password: Secret


class PasswordChange(Payload):
    current_password: Secret
    new_password: Secret


class PasswordReset(Payload):
    token: Secret
    new_password: Secret


_PASSWORD_ERRORS = (errors.PasswordTooShort, errors.PasswordTooLong, errors.PasswordTooCommon)


class _SessionHandler(BaseHandler):
    """Sets the session cookie and builds the response of a sign-in."""

    def opened(self, session: Session) -> SessionView:
        self.set_cookie(
            SESSION_COOKIE,
            session.refresh_token,
            max_age=session.refresh_expires_in,
            path="/",
            httponly=True,
            samesite="Lax",
            secure=self.parts.cookie_secure,
        )
        self.xsrf_token  # noqa: B018  sets the cookie that refresh and logout check
        return SessionView(
            access_token=session.access_token, expires_in=session.expires_in, user=session.user
        )


class RegisterHandler(BaseHandler):
    limited_as: ClassVar = {"POST": None}  # identity counts attempts

    @operation(
        "Create an account",
        status=201,
        raises=[
            *_PASSWORD_ERRORS,
            errors.SetupTokenWrong,
            errors.RegistrationClosed,
            errors.InviteInvalid,
            errors.EmailTaken,
            errors.TooManyRequests,
        ],
    )
    async def post(self, body: Registration) -> UserView:
        return await self.run_hashing(
            self.parts.identity.register,
            body.email,
            body.password,
            body.setup_token,
            body.invite,
            address=self.request.remote_ip or "",
        )


class LoginHandler(_SessionHandler):
    limited_as: ClassVar = {"POST": None}  # identity counts attempts

    @operation(
        "Sign in: returns an access token and sets the refresh cookie",
        response_headers=["Set-Cookie"],
        raises=[errors.CredentialsWrong, errors.TooManyRequests, errors.SignInSlowed],
    )
    async def post(self, body: Credentials) -> SessionView:
        address = self.request.remote_ip or ""
        session = await self.run_hashing(self.parts.identity.login, body.email, body.password, address)
        return self.opened(session)


class RefreshHandler(_SessionHandler):
    @operation(
        "Refresh: returns a new access token and rotates the cookie",
        access="cookie",
        response_headers=["Set-Cookie"],
    )
    async def post(self) -> SessionView:
        token = self.get_cookie(SESSION_COOKIE)
        if not token:
            raise errors.NotSignedIn
        self.require_xsrf()
        return self.opened(await self.run_blocking(self.parts.identity.refresh, token))


class LogoutHandler(_SessionHandler):
    @operation("Sign out: ends the session and its access tokens", access="cookie")
    async def post(self) -> None:
        token = self.get_cookie(SESSION_COOKIE)
        if token:
            self.require_xsrf()
            await self.run_blocking(self.parts.identity.logout, token)
        self.clear_cookie(SESSION_COOKIE, path="/")


class LogoutEverywhereHandler(PrivateHandler, _SessionHandler):
    @operation("Sign out everywhere: ends all sessions of the account", need="session")
    async def post(self) -> None:
        await self.run_blocking(self.parts.identity.logout_everywhere, self.user)
        self.clear_cookie(SESSION_COOKIE, path="/")


class ResetHandler(_SessionHandler):
    limited_as: ClassVar = {"POST": None}  # identity counts attempts

    @operation(
        "Set a new password with a reset link; ends all sessions and starts a new one",
        response_headers=["Set-Cookie"],
        raises=[*_PASSWORD_ERRORS, errors.ResetLinkInvalid, errors.TooManyRequests],
    )
    async def post(self, body: PasswordReset) -> SessionView:
        address = self.request.remote_ip or ""
        session = await self.run_hashing(
            self.parts.identity.reset_password, body.token, body.new_password, address
        )
        return self.opened(session)


class PasswordHandler(PrivateHandler, _SessionHandler):
    @operation(
        "Change the password; ends all sessions and starts a new one",
        need="session",
        response_headers=["Set-Cookie"],
        raises=[*_PASSWORD_ERRORS, errors.CredentialsWrong, errors.TooManyRequests, errors.SignInSlowed],
    )
    async def post(self, body: PasswordChange) -> SessionView:
        session = await self.run_hashing(
            self.parts.identity.change_password,
            self.user,
            body.current_password,
            body.new_password,
            self.request.remote_ip or "",
        )
        return self.opened(session)
