"""Passwords: the rules for choosing one, and bcrypt."""

from __future__ import annotations

import re
import unicodedata

import bcrypt
from zxcvbn import zxcvbn

from gifapp import errors

MIN_CHARACTERS = 8
MAX_BYTES = 72  # bcrypt ignores the rest

_MIN_SCORE = 2  # of zxcvbn's 0 to 4: at least a million guesses
_SCORED_CHARACTERS = 20  # a malicious password of 72 would take zxcvbn five seconds


class Passwords:
    """Hashes and verifies passwords; `rounds` is bcrypt's cost (12: about a quarter of a second)."""

    def __init__(self, rounds: int = 12) -> None:
        self._rounds = rounds
        self._dummy_hash = b"$2b$%02d$" % rounds + 53 * b"."  # matches no password

    def hash(self, password: str) -> bytes:
        """The salted hash of a password.

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
        """The salted hash of a newly chosen password for the account `email`.

        Raises:
            errors.PasswordTooShort, errors.PasswordTooLong
            errors.PasswordTooCommon: it is easy to guess, or derived from the email address.
        """
        hashed = self.hash(password)
        guessable = [email, *email.split("@"), *re.split(r"\W+", email), "gifapp"]
        if zxcvbn(password[:_SCORED_CHARACTERS], user_inputs=guessable)["score"] < _MIN_SCORE:
            raise errors.PasswordTooCommon
        return hashed

    def match(self, password: str, password_hash: bytes | None) -> bool:
        """Whether the password has this hash; takes as long for None (no account)."""
        encoded = _encoded(password)
        same = bcrypt.checkpw(encoded[:MAX_BYTES], password_hash or self._dummy_hash)
        return same and password_hash is not None and len(encoded) <= MAX_BYTES


def _encoded(password: str) -> bytes:
    # keyboards differ in whether an accented letter is one code point or two
    return unicodedata.normalize("NFC", password).encode()
