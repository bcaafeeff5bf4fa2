"""Wrong passwords make the next attempt wait, and nobody can keep the owner out."""

import pytest
import redis

from gifapp import errors
from gifapp.domain.rates import Rates
from gifapp.identity.login_backoff import FREE_FAILURES
from gifapp.identity.throttle import Throttle

ADA, HOME, ELSEWHERE = "ada@example.org", "203.0.113.7", "198.51.100.9"


@pytest.fixture
def throttle(redis_url: str) -> Throttle:
    return Throttle(redis_url, Rates(login_by_address="1000/minute", login_by_account="1000/minute"))


def wait_s(throttle: Throttle, address: str) -> int:
    """How long a guesser has to wait now."""
    with pytest.raises(errors.SignInSlowed) as slowed:
        throttle.login(ADA, address)
    waits_s: int = slowed.value.facts["retry_after_s"]
    return waits_s


def guess_until_slowed(throttle: Throttle, *addresses: str) -> None:
    """Use up the guesses that are free, from one address after the other."""
    for number in range(FREE_FAILURES):
        throttle.login(ADA, addresses[number % len(addresses)])
    assert wait_s(throttle, addresses[-1]) == 1


def test_after_some_failures_each_attempt_waits(throttle: Throttle) -> None:
    guess_until_slowed(throttle, ELSEWHERE, "198.51.100.10", "198.51.100.11")
    throttle.login("bob@example.org", ELSEWHERE)


def test_each_failure_doubles_the_wait_up_to_five_minutes(throttle: Throttle, redis_url: str) -> None:
    guess_until_slowed(throttle, ELSEWHERE)
    waits_s = []
    with redis.Redis.from_url(redis_url) as client:
        for _ in range(10):
            client.delete(*client.keys("gifapp:sign-in:*:wait"))  # it is over
            throttle.login(ADA, ELSEWHERE)
            waits_s.append(wait_s(throttle, ELSEWHERE))
    assert waits_s == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_an_address_the_account_knows_is_not_slowed_by_others(throttle: Throttle) -> None:
    throttle.login(ADA, HOME)
    throttle.login_succeeded(ADA, HOME)
    guess_until_slowed(throttle, ELSEWHERE)
    guess_until_slowed(throttle, HOME)  # but by its own mistakes


def test_success_starts_afresh(throttle: Throttle) -> None:
    guess_until_slowed(throttle, ELSEWHERE)
    throttle.login_succeeded(ADA, ELSEWHERE)
    throttle.login(ADA, ELSEWHERE)
