"""Sessions: families of rotating refresh tokens.

A refresh token is `<session id>.<secret>` and can be used once; using it returns the next one. If a token
is used again, it was probably stolen, and the whole session ends. But two tabs may refresh at the same
moment, so for a few seconds the previous token returns the same next token. To make this possible while
storing only digests, each secret is an HMAC of the previous one.

Every access token contains its session's id, so the id alone must not be able to end a session: each secret
carries a signature that distinguishes our own earlier tokens from forged ones.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from bson import ObjectId

from gifapp import errors
from gifapp.identity.documents import SessionDocument
from gifapp.identity.tokens import derived_key, digest, random_token
from gifapp.mongodb import reaching_mongodb

LIFETIME = timedelta(days=30)  # since the last refresh
GRACE = timedelta(seconds=10)


class Sessions:
    """Every method raises errors.ServiceUnavailable when MongoDB is down."""

    def __init__(
        self, secret: bytes, now: Callable[[], datetime], *, on_reuse: Callable[[ObjectId], object]
    ) -> None:
        """`on_reuse` is called with the account whose session ended because a token was reused."""
        self._key = derived_key(secret, "refresh tokens")
        self._signing_key = derived_key(secret, "refresh token signatures")
        self._now = now
        self._on_reuse = on_reuse

    @reaching_mongodb()
    def begin(self, user_id: ObjectId) -> tuple[SessionDocument, str]:
        """Start a session, and return it with its first refresh token."""
        session_id, now = uuid4().hex, self._now()
        secret = self._signed(session_id, random_token())
        session = SessionDocument(
            id=session_id,
            user_id=user_id,
            current_digest=digest(secret),
            rotated_at=now,
            expires_at=now + LIFETIME,
        ).save(force_insert=True)
        return session, f"{session_id}.{secret}"

    @reaching_mongodb()
    def refresh(self, token: str) -> tuple[SessionDocument, str]:
        """Rotate a refresh token: returns its session and the token that replaces it.

        Raises:
            errors.TokenInvalid: forged, expired, or used before, which ends the session.
        """
        session_id, secret = _parts(token)
        following = self._following(session_id, secret)
        session = self._rotate(session_id, secret, following) or self._within_grace(session_id, secret)
        if session is None:
            if self._was_issued(session_id, secret):
                self._end_reused(session_id)
            raise errors.TokenInvalid
        return session, f"{session_id}.{following}"

    def _end_reused(self, session_id: str) -> None:
        ended = SessionDocument.objects(id=session_id).modify(remove=True)
        if ended is not None and ended.expires_at > self._now():
            self._on_reuse(ended.user_id)

    @reaching_mongodb()
    def of_token(self, token: str) -> SessionDocument | None:
        """The valid session of this refresh token, without rotating it."""
        try:
            session_id, secret = _parts(token)
        except errors.TokenInvalid:
            return None
        session = self.find(session_id)
        if session is not None and hmac.compare_digest(session.current_digest, digest(secret)):
            return session
        return self._within_grace(session_id, secret)

    @reaching_mongodb()
    def find(self, session_id: str) -> SessionDocument | None:
        session: SessionDocument | None = self._alive(session_id).first()
        return session

    @reaching_mongodb()
    def end(self, session_id: str) -> None:
        SessionDocument.objects(id=session_id).delete()

    @reaching_mongodb()
    def end_all(self, user_id: ObjectId) -> None:
        SessionDocument.objects(user_id=user_id).delete()

    def _rotate(self, session_id: str, secret: str, following: str) -> SessionDocument | None:
        now = self._now()
        rotated: SessionDocument | None = self._alive(session_id, current_digest=digest(secret)).modify(
            set__current_digest=digest(following),
            set__previous_digest=digest(secret),
            set__rotated_at=now,
            set__expires_at=now + LIFETIME,
            new=True,
        )
        return rotated

    def _within_grace(self, session_id: str, secret: str) -> SessionDocument | None:
        recently = self._now() - GRACE
        session: SessionDocument | None = self._alive(
            session_id, previous_digest=digest(secret), rotated_at__gte=recently
        ).first()
        return session

    def _alive(self, session_id: str, **condition: object) -> Any:
        return SessionDocument.objects(id=session_id, expires_at__gt=self._now(), **condition)

    def _following(self, session_id: str, secret: str) -> str:
        return self._signed(session_id, hmac.new(self._key, secret.encode(), "sha256").hexdigest())

    def _signed(self, session_id: str, nonce: str) -> str:
        signature = hmac.new(self._signing_key, f"{session_id}.{nonce}".encode(), "sha256").hexdigest()
        return f"{nonce}.{signature}"

    def _was_issued(self, session_id: str, secret: str) -> bool:
        nonce, _, _ = secret.partition(".")
        return hmac.compare_digest(self._signed(session_id, nonce), secret)


def _parts(token: str) -> tuple[str, str]:
    session_id, dot, secret = token.partition(".")
    if not (session_id and dot and secret and token.isascii()):
        raise errors.TokenInvalid
    return session_id, secret
