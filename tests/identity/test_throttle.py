"""Guesses of passwords and links are rate-limited, by address and by account."""

from collections.abc import Callable

import pytest

from gifapp import errors
from gifapp.identity.service import Rates
from gifapp.identity.throttle import Throttle
from tests.identity.conftest import Build
from tests.identity.test_sessions import EMAIL, HERE, PASSWORD, signed_in


def test_guesses_are_limited_per_account_across_addresses(build: Build) -> None:
    identity = build(rates=Rates(login_by_account="3/minute"))
    signed_in(identity)
    for number in range(3):
        with pytest.raises(errors.CredentialsWrong):
            identity.login(EMAIL, "wrong horse", f"203.0.113.{number}")
    with pytest.raises(errors.TooManyRequests) as refused:
        identity.login(EMAIL, PASSWORD, "203.0.113.9")
    assert 1 <= refused.value.facts["retry_after_s"] <= 60


def test_guesses_are_limited_per_address_across_accounts(build: Build) -> None:
    identity = build(rates=Rates(login_by_address="3/minute"))
    for number in range(3):
        with pytest.raises(errors.CredentialsWrong):
            identity.login(f"user{number}@example.org", PASSWORD, "2001:db8::1")
    with pytest.raises(errors.TooManyRequests):
        identity.login(EMAIL, PASSWORD, "2001:db8::2")
    with pytest.raises(errors.CredentialsWrong):
        identity.login(EMAIL, PASSWORD, "2001:db8:0:1::1")


def test_guesses_are_counted_for_all_web_processes(redis_url: str) -> None:
    throttles = [Throttle(redis_url, Rates(login_by_account="2/minute")) for _ in range(2)]
    for throttle in throttles:
        throttle.login(EMAIL, HERE)
    for throttle in throttles:
        with pytest.raises(errors.TooManyRequests):
            throttle.login(EMAIL, HERE)
        throttle.close()


def test_guesses_by_a_signed_in_user_are_limited(build: Build) -> None:
    identity = build(rates=Rates(login_by_account="3/minute"))
    caller = identity.authenticate(signed_in(identity).access_token)
    guesses: list[Callable[[], object]] = [
        lambda: identity.change_password(caller, "wrong horse", "battery staple", HERE),
        lambda: identity.delete_own(caller, "wrong horse", HERE, forget=print),
    ]
    for guess in (*guesses, guesses[0]):
        with pytest.raises(errors.CredentialsWrong):
            guess()
    for guess in guesses:
        with pytest.raises(errors.TooManyRequests):
            guess()


def test_successful_sign_in_resets_the_limit(build: Build) -> None:
    identity = build(rates=Rates(login_by_account="3/minute"))
    for _ in range(5):
        signed_in(identity)


def test_successful_password_change_resets_the_limit(build: Build) -> None:
    identity = build(rates=Rates(login_by_account="3/minute"))
    session, password = signed_in(identity), PASSWORD
    for number in range(5):
        caller, old, password = (
            identity.authenticate(session.access_token),
            password,
            f"staple battery {number}",
        )
        session = identity.change_password(caller, old, password, HERE)


def test_registration_is_limited_per_address(build: Build) -> None:
    identity = build(rates=Rates(register_by_address="2/minute"))
    for _ in range(2):
        with pytest.raises(errors.SetupTokenWrong):
            identity.register(EMAIL, PASSWORD, "guess", address=HERE)
    with pytest.raises(errors.TooManyRequests):
        identity.register(EMAIL, PASSWORD, "guess", address=HERE)


def test_guesses_of_reset_links_are_limited_per_address(build: Build) -> None:
    identity = build(rates=Rates(register_by_address="2/minute"))
    for _ in range(2):
        with pytest.raises(errors.ResetLinkInvalid):
            identity.reset_password("guess", "battery staple", HERE)
    with pytest.raises(errors.TooManyRequests):
        identity.reset_password("guess", "battery staple", HERE)


def test_without_redis_nobody_signs_in_but_sessions_continue(build: Build) -> None:
    session = signed_in(build())
    alone = build(redis_url="redis://127.0.0.1:1/0")
    with pytest.raises(errors.ServiceUnavailable, match="Redis"):
        alone.login(EMAIL, PASSWORD, HERE)
    assert alone.authenticate(session.access_token)
