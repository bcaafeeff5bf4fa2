"""A fair queue: whose turn it is when many people share a few slots. Pure.

A free slot goes to the owner with the fewest running items, and among equals to the one whose last turn
was longest ago. The last slot is never given to somebody who holds another: a person who has nothing
running finds it free, however much the others have asked for and however long theirs takes.
"""

from __future__ import annotations

import itertools
from collections import Counter, deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class FairQueue(Generic[Item]):
    """Items that wait for a slot, and those that hold one.

    Args:
        slots: how many items run at the same time.
        most_waiting: how many items of one owner may wait; those of others do not count.
    """

    def __init__(self, slots: int, *, most_waiting: int) -> None:
        self._slots = slots
        self._most_waiting = most_waiting
        self._waiting: dict[str, deque[Item]] = {}
        self._running: dict[Item, str] = {}
        self._numbers = itertools.count(1)
        self._turns: dict[str, int] = {}  # the number of each owner's last turn, since the queue was empty

    def join(self, owner: str, item: Item) -> bool:
        """Wait for a slot; False: the owner has as many items waiting as one may have."""
        if self.count_waiting(owner) >= self._most_waiting:
            return False
        self._waiting.setdefault(owner, deque()).append(item)
        return True

    def start_next(self) -> Item | None:
        """The item that now holds a slot; None: no slot is free, or nobody may have it."""
        running = Counter(self._running.values())
        owners = [owner for owner in self._waiting if running[owner] < max(1, self._slots - 1)]
        if not owners or len(self._running) >= self._slots:
            return None
        owner = min(owners, key=lambda one: (running[one], self._turns.get(one, 0)))
        item = self._waiting[owner][0]
        self._stop_waiting(owner, item)
        self._running[item] = owner
        self._turns[owner] = next(self._numbers)
        return item

    def leave(self, owner: str, item: Item) -> None:
        """Free the item's slot, or stop waiting for one."""
        if self._running.pop(item, None) is None:
            self._stop_waiting(owner, item)
        if self.is_empty:
            self._turns.clear()

    def count_waiting(self, owner: str) -> int:
        return len(self._waiting.get(owner, ()))

    def _stop_waiting(self, owner: str, item: Item) -> None:
        self._waiting[owner].remove(item)
        if not self._waiting[owner]:
            del self._waiting[owner]

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits and nothing runs."""
        return not self._waiting and not self._running
