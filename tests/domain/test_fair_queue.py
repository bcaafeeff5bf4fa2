"""Fair scheduling: however much one user asks for, other users are served next."""

from collections import Counter
from collections.abc import Iterator

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gifapp.domain.fair_queue import FairQueue

OWNERS = st.sampled_from("abcd")
MAX_WAITING = 5

Item = tuple[str, int]


def started(queue: FairQueue[Item]) -> Iterator[Item]:
    while (item := queue.start_next()) is not None:
        yield item


def flooded(slots: int, *owners: str) -> FairQueue[Item]:
    """A queue in which these users have submitted as much as they may."""
    queue: FairQueue[Item] = FairQueue(slots, max_waiting=100)
    for owner in owners:
        for number in range(100):
            assert queue.join(owner, (owner, number))
    return queue


def test_last_slot_is_reserved_for_users_with_nothing_running() -> None:
    queue = flooded(3, "ann")
    assert list(started(queue)) == [("ann", 0), ("ann", 1)]
    queue.join("bob", ("bob", 0))
    assert queue.start_next() == ("bob", 0)


def test_single_slot_alternates_between_users() -> None:
    queue = flooded(1, "ann")
    assert list(started(queue)) == [("ann", 0)]
    queue.join("bob", ("bob", 0))
    queue.leave("ann", ("ann", 0))
    assert queue.start_next() == ("bob", 0)


def test_several_users_take_turns() -> None:
    queue = flooded(1, "ann", "bob", "eve")
    order = []
    for _ in range(6):
        [item] = started(queue)
        order.append(item[0])
        queue.leave(item[0], item)
    assert order == ["ann", "bob", "eve"] * 2


def test_full_queue_of_one_user_does_not_refuse_others() -> None:
    queue: FairQueue[Item] = FairQueue(2, max_waiting=2)
    assert [queue.join("ann", ("ann", number)) for number in range(3)] == [True, True, False]
    assert queue.join("bob", ("bob", 0))


def test_leaving_user_delays_nobody() -> None:
    queue = flooded(1, "ann")
    queue.join("bob", ("bob", 0))
    [running] = started(queue)
    queue.leave("bob", ("bob", 0))
    queue.leave("ann", running)
    assert queue.start_next() == ("ann", 1)


class Sharing(RuleBasedStateMachine):
    """Random users who join, leave and finish work."""

    @initialize(slots=st.integers(1, 4))
    def open(self, slots: int) -> None:
        self.slots = slots
        self.queue: FairQueue[Item] = FairQueue(slots, max_waiting=MAX_WAITING)
        self.waiting: list[Item] = []
        self.holding: list[Item] = []
        self.passed: Counter[tuple[str, str]] = Counter()
        self.number = 0

    @rule(owner=OWNERS)
    def joins(self, owner: str) -> None:
        item = (owner, self.number)
        self.number += 1
        mine = sum(other == owner for other, _ in self.waiting)
        assert self.queue.join(owner, item) == (mine < MAX_WAITING)
        if mine < MAX_WAITING:
            self.waiting.append(item)
        self.start_all()

    def start_all(self) -> None:
        for item in started(self.queue):
            self.began(item)
        assert not self.able() or len(self.holding) == self.slots

    def began(self, item: Item) -> None:
        able, has = self.able(), self.count(self.holding)
        assert has[item[0]] == min(has[owner] for owner in able)
        assert item == next(
            waiting for waiting in self.waiting if waiting[0] == item[0]
        )  # each user's items run in order
        self.waiting.remove(item)
        self.holding.append(item)
        self.count_passed(item[0])

    @rule(at=st.integers(0, 3))
    def ends(self, at: int) -> None:
        if self.holding:
            item = self.holding.pop(at % len(self.holding))
            self.queue.leave(item[0], item)
            self.start_all()

    @rule(at=st.integers(0, 20))
    def withdraws(self, at: int) -> None:
        if self.waiting:
            item = self.waiting.pop(at % len(self.waiting))
            self.queue.leave(item[0], item)

    def able(self) -> set[str]:
        """Users who wait and are below their limit."""
        has = self.count(self.holding)
        return {owner for owner, _ in self.waiting if has[owner] < max(1, self.slots - 1)}

    def count_passed(self, started: str) -> None:
        """Check that no user who waits with nothing running is overtaken twice by the same user."""
        has = self.count(self.holding)
        waiting = {owner for owner, _ in self.waiting if has[owner] == 0}
        self.passed = Counter(
            {pair: times for pair, times in self.passed.items() if pair[0] in waiting and pair[0] != started}
        )
        self.passed.update((owner, started) for owner in waiting)
        assert max(self.passed.values(), default=0) <= 1

    @staticmethod
    def count(items: list[Item]) -> Counter[str]:
        return Counter(owner for owner, _ in items)

    @invariant()
    def is_bounded(self) -> None:
        assert len(self.holding) <= self.slots
        assert max(self.count(self.holding).values(), default=0) <= max(1, self.slots - 1)
        assert self.queue.is_empty == (not self.waiting and not self.holding)


TestSharing = Sharing.TestCase
