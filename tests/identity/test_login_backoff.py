"""Wrong passwords delay the next attempt, but cannot lock out the owner."""

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
    """How long the next guess has to wait."""
    with pytest.raises(errors.SignInSlowed) as slowed:
        throttle.login(ADA, address)
    waits_s: int = slowed.value.facts["retry_after_s"]
    return waits_s


def guess_until_slowed(throttle: Throttle, *addresses: str) -> None:
    """Use up the free guesses, each from another address."""
    for number in range(FREE_FAILURES):
        throttle.login(ADA, addresses[number % len(addresses)])
    assert wait_s(throttle, addresses[-1]) == 1


def test_attempts_are_delayed_after_some_failures(throttle: Throttle) -> None:
    guess_until_slowed(throttle, ELSEWHERE, "198.51.100.10", "198.51.100.11")
    throttle.login("bob@example.org", ELSEWHERE)


def test_each_failure_doubles_the_delay_up_to_five_minutes(throttle: Throttle, redis_url: str) -> None:
    guess_until_slowed(throttle, ELSEWHERE)
    waits_s = []
    with redis.Redis.from_url(redis_url) as client:
        for _ in range(10):
            client.delete(*client.keys("gifapp:sign-in:*:wait"))  # the delay has passed
            throttle.login(ADA, ELSEWHERE)
            waits_s.append(wait_s(throttle, ELSEWHERE))
    assert waits_s == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_known_address_is_not_delayed_by_others(throttle: Throttle) -> None:
    throttle.login(ADA, HOME)
    throttle.login_succeeded(ADA, HOME)
    guess_until_slowed(throttle, ELSEWHERE)
    guess_until_slowed(throttle, HOME)  # only by its own failures


def test_success_resets_the_delay(throttle: Throttle) -> None:
    guess_until_slowed(throttle, ELSEWHERE)
    throttle.login_succeeded(ADA, ELSEWHERE)
    throttle.login(ADA, HOME)
    guess_until_slowed(throttle, ELSEWHERE)
    throttle.login_succeeded(ADA, ELSEWHERE)
    throttle.login(ADA, ELSEWHERE)
