"""A fair queue: decides whose turn it is when many users share a few slots. Pure.

A free slot goes to the owner with the fewest running items; ties go to the owner whose last turn was longest
ago. One owner can never hold every slot (unless there is only one), so that a single busy owner cannot lock
out everybody else.
"""

from __future__ import annotations

import itertools
from collections import Counter, deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class FairQueue(Generic[Item]):
    """Items that wait for a slot, and items that hold one.

    Args:
        slots: how many items run at the same time.
        max_waiting: how many items of each owner may wait.
        per_owner: how many slots one owner may hold; by default all but one.
    """

    def __init__(self, slots: int, *, max_waiting: int, per_owner: int | None = None) -> None:
        self._slots = slots
        self._per_owner = per_owner or max(1, slots - 1)
        self._max_waiting = max_waiting
        self._waiting: dict[str, deque[Item]] = {}
        self._running: dict[Item, str] = {}
        self._numbers = itertools.count(1)
        self._turns: dict[str, int] = {}  # number of each owner's last turn; cleared when empty

    def join(self, owner: str, item: Item) -> bool:
        """Add an item to the queue; False if the owner already has `max_waiting` items in it."""
        if self.count_waiting(owner) >= self._max_waiting:
            return False
        self._waiting.setdefault(owner, deque()).append(item)
        return True

    def start_next(self) -> Item | None:
        """Give a free slot to the next item and return it; None if no slot is free or nobody may take one."""
        running = Counter(self._running.values())
        owners = [owner for owner in self._waiting if running[owner] < self._per_owner]
        if not owners or len(self._running) >= self._slots:
            return None
        owner = min(owners, key=lambda name: (running[name], self._turns.get(name, 0)))
        item = self._waiting[owner][0]
        self._stop_waiting(owner, item)
        self._running[item] = owner
        self._turns[owner] = next(self._numbers)
        return item

    def leave(self, owner: str, item: Item) -> None:
        """Free the item's slot, or remove it from the queue."""
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
