"""Limits the memory that each person's requests and responses take in a web process."""

from __future__ import annotations

from collections import Counter

from gifapp import errors

MOST_BYTES = 16 * 1024 * 1024
_RETRY_AFTER_S = 2


class MemoryBudget:
    """Counts the bytes of bodies that are arriving and of responses that are not sent yet, per person."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._held_bytes: Counter[str] = Counter()

    def take(self, person: str, count: int) -> None:
        """Count `count` more bytes.

        Raises:
            errors.TooMuchAtOnce: that would be more than one person may have.
        """
        if self._held_bytes[person] + count > self._most_bytes:
            raise errors.TooMuchAtOnce(limit_bytes=self._most_bytes, retry_after_s=_RETRY_AFTER_S)
        self._held_bytes[person] += count

    def give_back(self, person: str, count: int) -> None:
        self._held_bytes[person] -= count
        if self._held_bytes[person] <= 0:
            del self._held_bytes[person]

    def held_bytes(self, person: str) -> int:
        return self._held_bytes[person]
