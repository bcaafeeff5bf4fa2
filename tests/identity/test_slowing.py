"""Wrong passwords make the next attempt wait, and nobody can keep the owner out."""

import pytest

from gifapp import errors
from gifapp.domain.rates import Rates
from gifapp.identity.slowing import FREE_FAILURES
from gifapp.identity.throttle import Throttle

ADA, HOME, ELSEWHERE = "ada@example.org", "203.0.113.7", "198.51.100.9"


@pytest.fixture
def throttle(redis_url: str) -> Throttle:
    return Throttle(redis_url, Rates(login_by_address="1000/minute", login_by_account="1000/minute"))


def guess_until_slowed(throttle: Throttle, address: str) -> int:
    """How long a guesser has to wait after those that are free."""
    for _ in range(FREE_FAILURES):
        throttle.login(ADA, address)
    with pytest.raises(errors.SignInSlowed) as slowed:
        throttle.login(ADA, address)
    wait_s: int = slowed.value.facts["retry_after_s"]
    return wait_s


def test_after_some_failures_each_attempt_waits(throttle: Throttle) -> None:
    assert guess_until_slowed(throttle, ELSEWHERE) == 1
    throttle.login("bob@example.org", ELSEWHERE)


def test_an_address_the_account_knows_is_not_slowed_by_others(throttle: Throttle) -> None:
    throttle.login(ADA, HOME)
    throttle.login_succeeded(ADA, HOME)
    guess_until_slowed(throttle, ELSEWHERE)
    throttle.login(ADA, HOME)


def test_success_starts_afresh(throttle: Throttle) -> None:
    guess_until_slowed(throttle, ELSEWHERE)
    throttle.login_succeeded(ADA, ELSEWHERE)
    throttle.login(ADA, ELSEWHERE)
