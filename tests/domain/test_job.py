from datetime import UTC, datetime, timedelta

import pytest

from gifapp import errors
from gifapp.domain.job import LEGAL_MOVES, DeadLetter, Fail, JobState, Requeue, Wait, decide_retry

NOW = datetime(2026, 11, 23, tzinfo=UTC)
CRASH = errors.ConversionCrashed(reason="signal 9")


@pytest.mark.parametrize(
    ("attempt", "jitter", "wait_s"),
    [(1, 1.0, 5), (1, 0.0, 2.5), (2, 1.0, 10), (3, 1.0, 20), (9, 1.0, 300), (9, 0.0, 150)],
)
def test_transient_error_is_retried_with_growing_delays(attempt: int, jitter: float, wait_s: float) -> None:
    decision = decide_retry(CRASH, attempt=attempt, max_attempts=10, now=NOW, jitter=jitter)
    assert isinstance(decision, Requeue)
    assert (decision.run_at - NOW).total_seconds() == wait_s


def test_permanent_error_fails_at_the_first_attempt() -> None:
    assert decide_retry(errors.SourceDamaged(), attempt=1, max_attempts=3, now=NOW, jitter=1) == Fail()


def test_full_disk_is_retried_without_limit() -> None:
    decision = decide_retry(errors.WaitingForDisk(), attempt=3, max_attempts=3, now=NOW, jitter=1)
    assert decision == Wait(NOW + timedelta(seconds=60))


def test_job_that_fills_the_disk_itself_is_not_retried_forever() -> None:
    assert decide_retry(errors.ServerDiskFull(), attempt=3, max_attempts=3, now=NOW, jitter=1) == DeadLetter()


def test_job_without_attempts_left_becomes_a_dead_letter() -> None:
    assert decide_retry(CRASH, attempt=3, max_attempts=3, now=NOW, jitter=1) == DeadLetter()


def test_final_states_are_left_only_by_a_retry() -> None:
    for state in JobState:
        if state.is_final:
            assert LEGAL_MOVES[state] <= {JobState.QUEUED}
    assert LEGAL_MOVES[JobState.SUCCEEDED] == frozenset()
