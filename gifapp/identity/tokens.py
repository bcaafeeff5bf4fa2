"""Signed tokens: access and setup.

Access tokens are JWTs (HS256). Each purpose has a key of its own, derived from the service's secret, and
a token says its purpose, so that one can never pass for another.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b32encode
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import jwt

from gifapp import errors

ACCESS_LIFETIME = timedelta(minutes=15)
LEEWAY = timedelta(seconds=5)
"""By how much the clocks of two machines that sign and read tokens may differ."""

_ALGORITHM = "HS256"
_ISSUER = "gifapp"
_AUDIENCE = "gifapp"


def derived_key(secret: bytes, purpose: str) -> bytes:
    """A key for one purpose; none of them tells anything about another or about the secret."""
    return hmac.digest(secret, f"gifapp {purpose}".encode(), "sha256")


class TokenSigner:
    """Makes and reads tokens for one purpose; `now` is the clock they are dated by."""

    def __init__(self, secret: bytes, purpose: str, lifetime: timedelta, now: Callable[[], datetime]) -> None:
        self._key = derived_key(secret, f"{purpose} tokens")
        self._purpose = purpose
        self._lifetime = lifetime
        self._now = now

    def sign(self, **claims: Any) -> tuple[str, datetime]:
        """A token with `claims`, and when it expires."""
        issued = self._now()
        expires = issued + self._lifetime
        standard = {"iss": _ISSUER, "aud": _AUDIENCE, "purpose": self._purpose, "iat": issued, "exp": expires}
        return jwt.encode({**standard, **claims}, self._key, algorithm=_ALGORITHM), expires

    def read(self, token: str) -> dict[str, Any]:
        """The claims of a token that is ours, of this purpose, from no later than now, and has not expired.

        Its times may be off by `LEEWAY`.

        Raises:
            errors.TokenExpired, errors.TokenInvalid
        """
        required = ["iss", "aud", "iat", "exp"]
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key,
                algorithms=[_ALGORITHM],
                issuer=_ISSUER,
                audience=_AUDIENCE,
                leeway=LEEWAY,
                options={"require": required},
            )
        except jwt.ExpiredSignatureError:
            raise errors.TokenExpired from None
        except jwt.InvalidTokenError:
            raise errors.TokenInvalid from None
        if claims.get("purpose") != self._purpose:
            raise errors.TokenInvalid
        return claims


def setup_token(secret: bytes) -> str:
    """The token that makes the first account: the same after every restart, so it is not kept."""
    return b32encode(derived_key(secret, "setup")[:15]).decode().lower()


def digest(token: str) -> bytes:
    """What is kept of a random token."""
    return hashlib.sha256(token.encode()).digest()


def random_token() -> str:
    return secrets.token_urlsafe(32)
