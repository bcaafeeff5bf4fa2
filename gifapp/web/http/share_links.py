"""Share URLs, derived from a share's id and the server's secret, so that no token is stored."""

from __future__ import annotations

import binascii
import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode

from gifapp import errors
from gifapp.identity.tokens import derived_key

_ID_BYTES, _PROOF_BYTES = 16, 16


class ShareLinks:
    """Creates and verifies the tokens of shares: the id and a 128-bit MAC."""

    def __init__(self, secret: bytes, public_url: str | None = None) -> None:
        self._key = derived_key(secret, "shares")
        self._public_url = public_url and public_url.rstrip("/")

    def origin(self, request_origin: str) -> str:
        """How public URLs begin: as configured, or else with `request_origin` (`https://host`)."""
        return self._public_url or request_origin

    def address(self, share_id: str, request_origin: str) -> str:
        """The share's URL."""
        return f"{self.origin(request_origin)}/s/{self.token(share_id)}"

    def token(self, share_id: str) -> str:
        name = bytes.fromhex(share_id)
        return urlsafe_b64encode(name + self._proof(name)).decode().rstrip("=")

    def share_id(self, token: str) -> str:
        """The id of the share that a token names.

        Raises:
            errors.NotFound: the token is not one of ours.
        """
        try:
            raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        except (UnicodeEncodeError, binascii.Error):
            raw = b""
        name = raw[:_ID_BYTES]
        # compared as text: base64 has several spellings of the same bytes, and only ours is valid
        if not hmac.compare_digest(token.encode(), self.token(name.hex()).encode()):
            raise errors.NotFound(kind="share")
        return name.hex()

    def _proof(self, name: bytes) -> bytes:
        return hmac.digest(self._key, name, hashlib.sha256)[:_PROOF_BYTES]
