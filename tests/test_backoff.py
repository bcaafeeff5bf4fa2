import pytest

from gifapp.backoff import Backoff, RestartDelay
from gifapp.processes import wait_until


@pytest.mark.parametrize(
    ("failures", "delay_s"), [(0, 0), (1, 0.5), (2, 1), (3, 2), (5, 8), (6, 10), (100_000, 10)]
)
def test_delay_doubles_up_to_its_maximum(failures: int, delay_s: float) -> None:
    assert Backoff(first_s=0.5, longest_s=10).delay_s(failures) == delay_s


def test_repeated_early_deaths_delay_the_next_start() -> None:
    restart = RestartDelay(Backoff(first_s=600, longest_s=1000), young_s=30)
    assert restart.is_over
    assert [restart.note_death(age_s=1), restart.note_death(age_s=29)] == [600, 1000]
    assert (restart.young_deaths, restart.is_over) == (2, False)


def test_process_that_ran_long_is_restarted_at_once() -> None:
    restart = RestartDelay(Backoff(first_s=600, longest_s=1000), young_s=30)
    restart.note_death(age_s=1)
    assert restart.note_death(age_s=31) == 0
    assert (restart.young_deaths, restart.is_over) == (0, True)


def test_delay_ends() -> None:
    restart = RestartDelay(Backoff(first_s=0.01, longest_s=0.01), young_s=30)
    restart.note_death(age_s=1)
    assert wait_until(lambda: restart.is_over, timeout_s=30)
