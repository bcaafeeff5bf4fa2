"""Registering, signing in and being recognised: the verbs that the web tier knows."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import uuid4

from bson import ObjectId

from gifapp import errors
from gifapp.domain.admin_views import OwnedJobView
from gifapp.domain.views import Role, UserView
from gifapp.identity import documents, sessions, tokens
from gifapp.identity.accounts import Accounts, view
from gifapp.identity.documents import SessionDocument, UserDocument
from gifapp.identity.emails import normalised
from gifapp.identity.passwords import Passwords
from gifapp.identity.sessions import Sessions
from gifapp.identity.throttle import Rates, Throttle
from gifapp.identity.tokens import TokenSigner

Registration = Literal["open", "invite", "closed"]


@dataclass(frozen=True)
class Caller:
    """Who asks: good until `expires_at`, and no longer than the session lives."""

    user_id: str
    email: str
    role: Role
    session_id: str
    expires_at: datetime


@dataclass(frozen=True)
class Session:
    """What signing in gives: an access token for `expires_in` seconds, a refresh token for longer."""

    user: UserView
    access_token: str
    expires_in: int
    refresh_token: str
    refresh_expires_in: int


def build_identity(
    *,
    mongodb_url: str,
    redis_url: str,
    secret: bytes,
    registration: Registration,
    rates: Rates | None = None,
    password_rounds: int = 12,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Identity:
    """Identity on real servers; tests pass a cheaper hash, other rates and their own clock."""
    documents.connect(mongodb_url)
    throttle = Throttle(redis_url, rates or Rates())
    return Identity(
        secret, throttle=throttle, passwords=Passwords(password_rounds), registration=registration, now=now
    )


class Identity:
    """Blocking: call it from a thread. Raises errors.ServiceUnavailable while a server is away."""

    def __init__(
        self,
        secret: bytes,
        *,
        throttle: Throttle,
        passwords: Passwords,
        registration: Registration,
        now: Callable[[], datetime],
    ) -> None:
        self.registration = registration
        self._throttle = throttle
        self._now = now
        self._passwords = passwords
        self._setup_token = tokens.setup_token(secret)
        self._access = TokenSigner(secret, "access", tokens.ACCESS_LIFETIME, now)
        self._invites = TokenSigner(secret, "invite", tokens.INVITE_LIFETIME, now)
        self._accounts = Accounts()
        self._sessions = Sessions(secret, now)

    def close(self) -> None:
        """Close the connections of this process."""
        self._throttle.close()
        documents.disconnect()

    # --- accounts

    def register(
        self,
        email: str,
        password: str,
        setup_token: str | None = None,
        invite: str | None = None,
        *,
        address: str,
    ) -> UserView:
        """Make an account for somebody at `address`; the very first is the administrator's.

        Raises:
            errors.SetupTokenWrong, errors.RegistrationClosed, errors.InviteInvalid: not by this one.
            errors.EmailTaken, errors.FieldInvalid, errors.PasswordTooShort, errors.PasswordTooLong
            errors.TooManyRequests
        """
        self._throttle.register(address)
        email = normalised(email)
        if not self._accounts.any_exist():
            self._check_setup_token(setup_token)
            founder = self._accounts.add(email, self._passwords.hash(password), "administrator", founder=True)
            return view(founder)
        invite_id = self._admit(invite)
        return view(self._accounts.add(email, self._passwords.hash(password), "user", invite_id=invite_id))

    def create_user(self, email: str, password: str, role: Role) -> UserView:
        """Make an account on an administrator's word.

        Raises:
            errors.EmailTaken, errors.FieldInvalid, errors.PasswordTooShort, errors.PasswordTooLong
        """
        return view(self._accounts.add(normalised(email), self._passwords.hash(password), role))

    def users(self) -> list[UserView]:
        """Every account, oldest first."""
        return [view(user) for user in self._accounts.all()]

    def user(self, email: str) -> UserView:
        """Whose account has this address.

        Raises:
            errors.NotFound, errors.FieldInvalid
        """
        found = self._accounts.by_email(normalised(email))
        if found is None:
            raise errors.NotFound(kind="account")
        return view(found)

    def with_emails(self, jobs: Sequence[OwnedJobView]) -> list[OwnedJobView]:
        """The jobs with the addresses of those owners who still have an account."""
        emails = self._accounts.emails({job.owner_id for job in jobs})
        return [job.model_copy(update={"owner_email": emails.get(job.owner_id)}) for job in jobs]

    def setup_token(self) -> str | None:
        """What the first account needs; None once there is one."""
        return None if self._accounts.any_exist() else self._setup_token

    def invite(self) -> str:
        """A token that makes one account within a week."""
        token, _ = self._invites.sign(jti=uuid4().hex)
        return token

    # --- sessions

    def login(self, email: str, password: str, address: str) -> Session:
        """Sign in from `address`; as slow for an unknown account as for a wrong password.

        Raises:
            errors.CredentialsWrong, errors.FieldInvalid, errors.TooManyRequests
        """
        email = normalised(email)
        self._throttle.login(email, address)
        user = self._accounts.by_email(email)
        known = user.password_hash if user is not None else None
        if not self._passwords.match(password, known) or user is None or user.disabled:
            raise errors.CredentialsWrong
        self._throttle.login_succeeded(email, address)
        return self._begin(user)

    def refresh(self, token: str) -> Session:
        """The next refresh token and a new access token.

        Raises:
            errors.TokenInvalid
        """
        session, following = self._sessions.refresh(token)
        return self._signed_in(self._user_of(session), session, following)

    def logout(self, token: str) -> None:
        """End the session of a refresh token, if it has one."""
        session = self._sessions.of_token(token)
        if session is not None:
            self._sessions.end(session.id)

    def change_password(self, caller: Caller, current: str, new: str, address: str) -> Session:
        """Replace one's own password; every session ends and a new one begins.

        Raises:
            errors.CredentialsWrong, errors.PasswordTooShort, errors.PasswordTooLong
            errors.TooManyRequests
        """
        self._throttle.login(caller.email, address)
        user = self._accounts.by_id(ObjectId(caller.user_id))
        if user is None or not self._passwords.match(current, user.password_hash):
            raise errors.CredentialsWrong
        self._throttle.login_succeeded(caller.email, address)
        return self._begin(self._replace_password(user, new))

    def set_password(self, email: str, password: str) -> None:
        """Replace somebody's password on an administrator's word; their sessions end.

        Raises:
            errors.NotFound, errors.PasswordTooShort, errors.PasswordTooLong
        """
        user = self._accounts.by_email(normalised(email))
        if user is None:
            raise errors.NotFound(kind="account")
        self._replace_password(user, password)

    # --- who asks

    def authenticate(self, access_token: str) -> Caller:
        """Whose access token this is.

        Raises:
            errors.TokenExpired, errors.TokenInvalid: also when its session is over.
        """
        claims = self._access.read(access_token)
        session = self._sessions.find(str(claims.get("sid")))
        if session is None:
            raise errors.TokenInvalid
        user = self._user_of(session)
        if str(user.id) != claims.get("sub") or user.token_version != claims.get("ver"):
            raise errors.TokenInvalid
        return _caller(user, session, datetime.fromtimestamp(claims["exp"], UTC))

    def caller_of_cookie(self, refresh_token: str) -> Caller | None:
        """Whose living session a refresh token belongs to; it stays good."""
        session = self._sessions.of_token(refresh_token)
        try:
            return None if session is None else _caller(self._user_of(session), session, session.expires_at)
        except errors.TokenInvalid:
            return None

    def access_token_for(self, caller: Caller) -> tuple[str, int]:
        """A fresh access token of the caller's session, and the seconds it is good for.

        Raises:
            errors.TokenInvalid: the session is over.
        """
        session = self._sessions.find(caller.session_id)
        if session is None:
            raise errors.TokenInvalid
        return self._access_token(self._user_of(session), session)

    def is_live(self, caller: Caller) -> bool:
        """Whether the caller's session still lives."""
        session = self._sessions.find(caller.session_id)
        try:
            return session is not None and str(self._user_of(session).id) == caller.user_id
        except errors.TokenInvalid:
            return False

    def _check_setup_token(self, given: str | None) -> None:
        if not hmac.compare_digest((given or "").encode(), self._setup_token.encode()):
            raise errors.SetupTokenWrong

    def _admit(self, invite: str | None) -> str | None:
        """The id of a valid invitation, or None where none is needed."""
        if self.registration == "closed":
            raise errors.RegistrationClosed
        if self.registration == "open":
            return None
        try:
            return str(self._invites.read(invite or "")["jti"])
        except errors.TokenInvalid:
            raise errors.InviteInvalid from None

    def _replace_password(self, user: UserDocument, password: str) -> UserDocument:
        changed = self._accounts.change_password(user.id, self._passwords.hash(password))
        if changed is None:
            raise errors.NotFound(kind="account")
        self._sessions.end_all(user.id)
        return changed

    def _begin(self, user: UserDocument) -> Session:
        session, refresh_token = self._sessions.begin(user.id)
        return self._signed_in(user, session, refresh_token)

    def _signed_in(self, user: UserDocument, session: SessionDocument, refresh_token: str) -> Session:
        access_token, expires_in = self._access_token(user, session)
        return Session(
            user=view(user),
            access_token=access_token,
            expires_in=expires_in,
            refresh_token=refresh_token,
            refresh_expires_in=int(sessions.LIFETIME.total_seconds()),
        )

    def _access_token(self, user: UserDocument, session: SessionDocument) -> tuple[str, int]:
        token, _ = self._access.sign(sub=str(user.id), sid=session.id, ver=user.token_version)
        return token, int(tokens.ACCESS_LIFETIME.total_seconds())

    def _user_of(self, session: SessionDocument) -> UserDocument:
        user = self._accounts.by_id(session.user_id)
        if user is None or user.disabled:
            raise errors.TokenInvalid
        return user


def _caller(user: UserDocument, session: SessionDocument, expires_at: datetime) -> Caller:
    return Caller(
        user_id=str(user.id),
        email=user.email,
        role=user.role,
        session_id=session.id,
        expires_at=expires_at,
    )
