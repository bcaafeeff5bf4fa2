"""Signed access tokens, the setup token, and key derivation.

Access tokens are JWTs (HS256). Each purpose has its own key, derived from the service's secret, and a token
states its purpose, so that it cannot be used for another.
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
"""How much the clocks of the machines that sign and verify tokens may differ."""

_ALGORITHM = "HS256"
_ISSUER = "gifapp"
_AUDIENCE = "gifapp"


def derived_key(secret: bytes, purpose: str) -> bytes:
    """A key for one purpose, which reveals nothing about other keys or the secret."""
    return hmac.digest(secret, f"gifapp {purpose}".encode(), "sha256")


class TokenSigner:
    """Signs and verifies tokens for one purpose; `now` is the clock by which they are signed."""

    def __init__(self, secret: bytes, purpose: str, lifetime: timedelta, now: Callable[[], datetime]) -> None:
        self._key = derived_key(secret, f"{purpose} tokens")
        self._purpose = purpose
        self._lifetime = lifetime
        self._now = now

    def sign(self, **claims: Any) -> tuple[str, datetime]:
        """Sign a token with `claims`; returns it and its expiry."""
        issued = self._now()
        expires = issued + self._lifetime
        standard = {"iss": _ISSUER, "aud": _AUDIENCE, "purpose": self._purpose, "iat": issued, "exp": expires}
        return jwt.encode({**standard, **claims}, self._key, algorithm=_ALGORITHM), expires

    def read(self, token: str) -> dict[str, Any]:
        """Verify a token's signature, purpose and times (within `LEEWAY`), and return its claims.

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
    """The token for creating the first account; derived from the secret, so it is never stored."""
    return b32encode(derived_key(secret, "setup")[:15]).decode().lower()


def digest(token: str) -> bytes:
    """The digest of a random token that is stored in place of it."""
    return hashlib.sha256(token.encode()).digest()


def random_token() -> str:
    return secrets.token_urlsafe(32)
