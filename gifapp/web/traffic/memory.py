"""Limits the memory that each user's requests and responses take in a web process."""

from __future__ import annotations

from collections import Counter

from gifapp import errors

MOST_BYTES = 16 * 1024 * 1024
_RETRY_AFTER_S = 2


class MemoryBudget:
    """Counts the bytes of bodies that are arriving and of responses that are not sent yet, per user."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._held_bytes: Counter[str] = Counter()

    def take(self, client: str, count: int) -> None:
        """Count `count` more bytes.

        Raises:
            errors.TooMuchAtOnce: that would be more than one user may have.
        """
        if self._held_bytes[client] + count > self._most_bytes:
            raise errors.TooMuchAtOnce(limit_bytes=self._most_bytes, retry_after_s=_RETRY_AFTER_S)
        self._held_bytes[client] += count

    def give_back(self, client: str, count: int) -> None:
        self._held_bytes[client] -= count
        if self._held_bytes[client] <= 0:
            del self._held_bytes[client]

    def held_bytes(self, client: str) -> int:
        return self._held_bytes[client]
