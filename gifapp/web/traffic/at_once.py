"""Limits what each user does at the same time, for work that waits for somebody else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from gifapp import errors

_RETRY_AFTER_S = 10


class AtOnce:
    """Admits `limit` tasks of each user at the same time, and refuses the surplus."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._running: Counter[str] = Counter()

    def count(self, user_id: str) -> int:
        """How many tasks of the user are running."""
        return self._running[user_id]

    @contextmanager
    def turn(self, user_id: str) -> Iterator[None]:
        """Raises errors.TooManyAtOnce if enough tasks of this user are running."""
        if self._running[user_id] >= self._limit:
            raise errors.TooManyAtOnce(limit=self._limit, retry_after_s=_RETRY_AFTER_S)
        self._running[user_id] += 1
        try:
            yield
        finally:
            self._running[user_id] -= 1
            if not self._running[user_id]:
                del self._running[user_id]
