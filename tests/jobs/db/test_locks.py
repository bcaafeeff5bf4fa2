"""Locks that exclude each other across machines."""

import threading
import time

import pytest

from gifapp import errors
from gifapp.jobs.db import locks
from gifapp.jobs.parts import JobParts


def test_lock_is_exclusive(parts: JobParts) -> None:
    inside, most = [0], [0]

    def come_and_go() -> None:
        for _ in range(5):
            with locks.exclusive():
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                time.sleep(0.005)
                inside[0] -= 1

    comers = [threading.Thread(target=come_and_go) for _ in range(6)]
    for thread in comers:
        thread.start()
    for thread in comers:
        thread.join()
    assert most == [1]


def test_lock_of_a_dead_holder_expires(parts: JobParts) -> None:
    # the second enters while the first still believes that it holds the lock
    with locks.exclusive(lasts_s=0.3) as lost, locks.exclusive() as turn:
        with pytest.raises(errors.ServiceUnavailable):
            lost.check()
        turn.check()


def test_expired_holder_does_not_release_the_next_ones_lock(
    parts: JobParts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "_PATIENCE_S", 0.4)
    slow = locks.exclusive(lasts_s=0.05)
    slow.__enter__()
    with locks.exclusive():
        slow.__exit__(None, None, None)
        with pytest.raises(errors.ServiceUnavailable), locks.exclusive():
            pass
    with locks.exclusive():
        pass


def test_different_locks_are_independent(parts: JobParts) -> None:
    with locks.exclusive("one"), locks.exclusive("other"):
        pass
