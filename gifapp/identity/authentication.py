"""Authenticates callers by access token, API token or cookie."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from bson import ObjectId

from gifapp import errors
from gifapp.identity import sessions, tokens
from gifapp.identity.accounts import Accounts, view
from gifapp.identity.api_tokens import PREFIX, ApiTokens
from gifapp.identity.callers import Caller, Session
from gifapp.identity.documents import ApiTokenDocument, SessionDocument, UserDocument
from gifapp.identity.sessions import Sessions
from gifapp.identity.tokens import TokenSigner

_NEVER = datetime.max.replace(tzinfo=UTC)


class Authenticator:
    """Every method raises errors.ServiceUnavailable when MongoDB is down."""

    def __init__(
        self,
        secret: bytes,
        *,
        accounts: Accounts,
        sessions: Sessions,
        api_tokens: ApiTokens,
        now: Callable[[], datetime],
    ) -> None:
        self._access = TokenSigner(secret, "access", tokens.ACCESS_LIFETIME, now)
        self._accounts = accounts
        self._sessions = sessions
        self.api_tokens = api_tokens

    def authenticate(self, token: str) -> Caller:
        """The caller with this access token or API token.

        Raises:
            errors.TokenExpired, errors.TokenInvalid: also when its session has ended or it was revoked.
        """
        return self._of_api_token(token) if token.startswith(PREFIX) else self._of_access_token(token)

    def caller_of_cookie(self, refresh_token: str) -> Caller | None:
        """The caller whose session this refresh token belongs to; does not rotate the token."""
        session = self._sessions.of_token(refresh_token)
        try:
            return None if session is None else _caller(self._user_of(session), session, session.expires_at)
        except errors.TokenInvalid:
            return None

    def access_token_for(self, caller: Caller) -> tuple[str, int]:
        """A new access token for the caller's session, and its lifetime in seconds.

        Raises:
            errors.TokenInvalid: the session has ended.
        """
        session = self._sessions.find(caller.session_id)
        if session is None:
            raise errors.TokenInvalid
        return self._access_token(self._user_of(session), session)

    def is_live(self, caller: Caller) -> bool:
        """Whether the caller's session is still valid."""
        session = self._sessions.find(caller.session_id)
        try:
            return session is not None and str(self._user_of(session).id) == caller.user_id
        except errors.TokenInvalid:
            return False

    def _of_access_token(self, token: str) -> Caller:
        claims = self._access.read(token)
        session = self._sessions.find(str(claims.get("sid")))
        if session is None:
            raise errors.TokenInvalid
        user = self._user_of(session)
        if str(user.id) != claims.get("sub") or user.token_version != claims.get("ver"):
            raise errors.TokenInvalid
        return _caller(user, session, datetime.fromtimestamp(claims["exp"], UTC))

    def _of_api_token(self, token: str) -> Caller:
        document = self.api_tokens.recognise(token)
        user = self._enabled(document.user_id)
        self.api_tokens.note_use(document)
        return _script(user, document)

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
        return self._enabled(session.user_id)

    def _enabled(self, user_id: ObjectId) -> UserDocument:
        user = self._accounts.by_id(user_id)
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


def _script(user: UserDocument, token: ApiTokenDocument) -> Caller:
    return Caller(
        user_id=str(user.id),
        email=user.email,
        role=user.role,
        session_id="",
        expires_at=token.expires_at or _NEVER,
        scopes=frozenset(token.scopes),
    )
