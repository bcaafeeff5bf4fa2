"""Passwords: the rules for choosing one, and bcrypt."""

from __future__ import annotations

import re
import unicodedata

import bcrypt
from zxcvbn import zxcvbn

from gifapp import errors

MIN_CHARACTERS = 8
MAX_BYTES = 72  # bcrypt looks at no more

_WORST_SCORE = 2  # of zxcvbn's 0 to 4: a million guesses
_JUDGED_CHARACTERS = 20  # of 72 that are chosen with malice, zxcvbn thinks for five seconds


class Passwords:
    """Hashes and checks; `rounds` is bcrypt's cost (12: about a quarter of a second)."""

    def __init__(self, rounds: int = 12) -> None:
        self._rounds = rounds
        self._nobodys_hash = self.hash("somebody who has no account")

    def hash(self, password: str) -> bytes:
        """The salted hash to keep.

        Raises:
            errors.PasswordTooShort, errors.PasswordTooLong
        """
        encoded = _encoded(password)
        if len(password) < MIN_CHARACTERS:
            raise errors.PasswordTooShort(min_characters=MIN_CHARACTERS)
        if len(encoded) > MAX_BYTES:
            raise errors.PasswordTooLong(max_bytes=MAX_BYTES)
        return bcrypt.hashpw(encoded, bcrypt.gensalt(self._rounds))

    def hash_new(self, password: str, email: str) -> bytes:
        """The salted hash of what somebody chose for the account `email`.

        Raises:
            errors.PasswordTooShort, errors.PasswordTooLong
            errors.PasswordTooCommon: it is on everybody's list, or made of the address.
        """
        hashed = self.hash(password)
        theirs = [email, *email.split("@"), *re.split(r"\W+", email), "gifapp"]
        if zxcvbn(password[:_JUDGED_CHARACTERS], user_inputs=theirs)["score"] < _WORST_SCORE:
            raise errors.PasswordTooCommon
        return hashed

    def match(self, password: str, known: bytes | None) -> bool:
        """Whether the password is the one that was hashed; as slow for nobody's (None)."""
        encoded = _encoded(password)
        same = bcrypt.checkpw(encoded[:MAX_BYTES], known or self._nobodys_hash)
        return same and known is not None and len(encoded) <= MAX_BYTES


def _encoded(password: str) -> bytes:
    # an accent is one character on one keyboard and two on another
    return unicodedata.normalize("NFC", password).encode()
