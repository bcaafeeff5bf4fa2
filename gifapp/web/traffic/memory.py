"""Limits the memory that each user's requests and responses take in a web process."""

from __future__ import annotations

from collections import Counter

from gifapp import errors

MAX_BYTES = 16 * 1024 * 1024
MAX_BYTES_BY_ADDRESS = 2 * 1024 * 1024  # strangers send only small bodies
_RETRY_AFTER_S = 2


class MemoryBudget:
    """Counts each user's bytes in request bodies that are arriving and responses not sent yet."""

    def __init__(self) -> None:
        self._held_bytes: Counter[str] = Counter()

    def take(self, client: str, count: int, *, is_signed_in: bool = True) -> None:
        """Count more bytes.

        Raises:
            errors.TooMuchAtOnce: the user, or the address, would exceed their limit.
        """
        limit_bytes = MAX_BYTES if is_signed_in else MAX_BYTES_BY_ADDRESS
        if self._held_bytes[client] + count > limit_bytes:
            raise errors.TooMuchAtOnce(limit_bytes=limit_bytes, retry_after_s=_RETRY_AFTER_S)
        self._held_bytes[client] += count

    def give_back(self, client: str, count: int) -> None:
        self._held_bytes[client] -= count
        if self._held_bytes[client] <= 0:
            del self._held_bytes[client]

    def held_bytes(self, client: str) -> int:
        return self._held_bytes[client]
