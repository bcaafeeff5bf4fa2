"""Addresses of shares, derived from a share's id and our secret, so none is stored."""

from __future__ import annotations

import binascii
import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode

from gifapp import errors
from gifapp.identity.tokens import derived_key

_ID_BYTES, _PROOF_BYTES = 16, 16


class ShareLinks:
    """Makes the tokens of shares and reads them: the id, and a proof of 128 bits that we gave it out."""

    def __init__(self, secret: bytes, public_url: str | None = None) -> None:
        self._key = derived_key(secret, "shares")
        self._public_url = public_url and public_url.rstrip("/")

    def address(self, share_id: str, asked_at: str) -> str:
        """The link; `asked_at`, as `https://host`, stands in where no public address is configured."""
        return f"{self._public_url or asked_at}/s/{self.token(share_id)}"

    def token(self, share_id: str) -> str:
        name = bytes.fromhex(share_id)
        return urlsafe_b64encode(name + self._proof(name)).decode().rstrip("=")

    def share_id(self, token: str) -> str:
        """The share that a token names.

        Raises:
            errors.NotFound: we gave no such token out.
        """
        try:
            given = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        except (UnicodeEncodeError, binascii.Error):
            given = b""
        name = given[:_ID_BYTES]
        # compared as text: base64 spells the same bytes in many ways, and we gave out one
        if not hmac.compare_digest(token.encode(), self.token(name.hex()).encode()):
            raise errors.NotFound(kind="share")
        return name.hex()

    def _proof(self, name: bytes) -> bytes:
        return hmac.digest(self._key, name, hashlib.sha256)[:_PROOF_BYTES]
