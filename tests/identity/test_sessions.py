"""Signing in, staying signed in, and everything that ends a session."""

import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pymongo
import pytest
from bson import ObjectId

from gifapp import errors
from gifapp.identity.login_backoff import FREE_FAILURES
from gifapp.identity.passwords import Passwords
from gifapp.identity.service import Identity, Session
from tests.identity.conftest import Build, Clock

EMAIL, PASSWORD, HERE = "ada@example.org", "correct horse", "203.0.113.7"


def signed_in(identity: Identity) -> Session:
    if identity.setup_token() is not None:
        identity.create_user(EMAIL, PASSWORD, "user")
    return identity.login(EMAIL, PASSWORD, HERE)


def is_over(identity: Identity, session: Session) -> bool:
    with pytest.raises(errors.TokenInvalid):
        identity.refresh(session.refresh_token)
    with pytest.raises(errors.TokenInvalid):
        identity.authenticate(session.access_token)
    return identity.caller_of_cookie(session.refresh_token) is None


def test_sign_in_returns_the_user(identity: Identity) -> None:
    session = signed_in(identity)
    caller = identity.authenticate(session.access_token)
    assert (caller.user_id, caller.email, caller.role) == (session.user.id, EMAIL, "user")
    assert 0 < (caller.expires_at - datetime.now(UTC)).total_seconds() <= session.expires_in == 900


@pytest.mark.parametrize(
    ("email", "password"),
    [(EMAIL, "wrong horse"), ("eve@example.org", PASSWORD), (EMAIL, "x" * 5000), (EMAIL, "")],
)
def test_wrong_password_and_unknown_account_look_alike(identity: Identity, email: str, password: str) -> None:
    signed_in(identity)
    with pytest.raises(errors.CredentialsWrong):
        identity.login(email, password, HERE)


def test_unknown_account_takes_as_long_as_a_wrong_password() -> None:
    passwords = Passwords(8)
    known = passwords.hash(PASSWORD)

    def taken_s(whose: bytes | None) -> float:
        begun = time.thread_time()
        assert not passwords.match("wrong horse", whose)
        return time.thread_time() - begun

    assert taken_s(None) > taken_s(known) / 2


@pytest.mark.parametrize("email", [EMAIL, "eve@example.org"])
def test_unknown_account_is_delayed_like_a_known_one(identity: Identity, email: str) -> None:
    signed_in(identity)
    for _ in range(FREE_FAILURES):
        with pytest.raises(errors.CredentialsWrong):
            identity.login(email, "wrong horse", "198.51.100.9")
    with pytest.raises(errors.SignInSlowed):
        identity.login(email, "wrong horse", "198.51.100.9")


def test_refresh_returns_the_next_token(identity: Identity) -> None:
    first = signed_in(identity)
    second = identity.refresh(first.refresh_token)
    third = identity.refresh(second.refresh_token)
    assert len({session.refresh_token for session in (first, second, third)}) == 3
    assert (
        identity.authenticate(first.access_token).session_id
        == identity.authenticate(third.access_token).session_id
    )


def test_refresh_token_used_twice_ends_the_session(build: Build, clock: Clock) -> None:
    identity = build(now=clock)
    first = signed_in(identity)
    second = identity.refresh(first.refresh_token)
    clock.forward(seconds=11)
    assert identity.caller_of_cookie(first.refresh_token) is None
    with pytest.raises(errors.TokenInvalid):
        identity.refresh(first.refresh_token)
    with pytest.raises(errors.TokenInvalid):
        identity.refresh(second.refresh_token)


@pytest.mark.parametrize("rest", ["invented", "in.vented", f"{'0' * 64}.{'0' * 64}"])
def test_session_id_alone_cannot_end_a_session(identity: Identity, rest: str) -> None:
    session = signed_in(identity)
    session_id = identity.authenticate(session.access_token).session_id
    with pytest.raises(errors.TokenInvalid):
        identity.refresh(f"{session_id}.{rest}")
    identity.logout(f"{session_id}.{rest}")
    assert identity.authenticate(session.access_token)
    assert identity.refresh(session.refresh_token)


def test_old_token_of_one_session_cannot_end_another(build: Build, clock: Clock) -> None:
    identity = build(now=clock)
    mine, theirs = signed_in(identity), signed_in(identity)
    their_id = theirs.refresh_token.partition(".")[0]
    identity.refresh(mine.refresh_token)
    clock.forward(seconds=11)
    with pytest.raises(errors.TokenInvalid):
        identity.refresh(f"{their_id}.{mine.refresh_token.partition('.')[2]}")
    assert identity.refresh(theirs.refresh_token)


def test_unsigned_token_of_an_older_version_is_refreshed(identity: Identity, mongodb_url: str) -> None:
    session = signed_in(identity)
    session_id = session.refresh_token.partition(".")[0]
    unsigned = "unsigned"
    with pymongo.MongoClient[dict[str, Any]](mongodb_url) as client:
        digest = hashlib.sha256(unsigned.encode()).digest()
        client.get_default_database()["sessions"].update_one(
            {"_id": session_id}, {"$set": {"current_digest": digest}}
        )
    following = identity.refresh(f"{session_id}.{unsigned}")
    assert identity.refresh(following.refresh_token)


def test_two_tabs_that_refresh_together_get_the_same_token(identity: Identity) -> None:
    token = signed_in(identity).refresh_token
    with ThreadPoolExecutor(4) as threads:
        sessions = list(threads.map(identity.refresh, [token] * 4))
    assert len({session.refresh_token for session in sessions}) == 1
    assert identity.refresh(sessions[0].refresh_token)


def test_next_token_cannot_be_predicted_without_the_secret(build: Build) -> None:
    identity, other = build(), build(secret=b"another secret of thirty-two bytes")
    token = signed_in(identity).refresh_token
    next_tokens = {signer.refresh(token).refresh_token for signer in (identity, other)}
    assert len(next_tokens) == 2


def test_page_load_with_the_previous_token_stays_signed_in(identity: Identity) -> None:
    first = signed_in(identity)
    identity.refresh(first.refresh_token)
    caller = identity.caller_of_cookie(first.refresh_token)
    assert caller is not None
    assert caller.email == EMAIL


def test_session_without_refresh_expires(build: Build, clock: Clock) -> None:
    identity = build(now=clock)
    clock.now -= timedelta(days=31)
    session = signed_in(identity)
    clock.forward(days=29)
    session = identity.refresh(session.refresh_token)
    clock.forward(days=29)
    assert identity.caller_of_cookie(session.refresh_token)
    clock.forward(days=2)
    assert identity.caller_of_cookie(session.refresh_token) is None


def test_only_digests_are_stored_and_expire_in_mongodb(identity: Identity, mongodb_url: str) -> None:
    session = signed_in(identity)
    with pymongo.MongoClient[dict[str, Any]](mongodb_url) as client:
        sessions = client.get_default_database()["sessions"]
        stored = str(sessions.find_one())
        ttl = [index for index in sessions.index_information().values() if "expireAfterSeconds" in index]
    assert session.refresh_token.partition(".")[2] not in stored
    assert ttl[0]["key"] == [("expires_at", 1)]


def test_signing_out_ends_refresh_and_access_tokens(identity: Identity) -> None:
    session = signed_in(identity)
    caller = identity.authenticate(session.access_token)
    identity.logout(session.refresh_token)
    assert is_over(identity, session)
    assert not identity.is_live(caller)
    with pytest.raises(errors.TokenInvalid):
        identity.access_token_for(caller)


def test_signing_out_of_one_session_keeps_the_other(identity: Identity) -> None:
    first, second = signed_in(identity), signed_in(identity)
    identity.logout(first.refresh_token)
    assert identity.authenticate(second.access_token)


def test_signing_out_everywhere_ends_every_session_and_access_token(identity: Identity) -> None:
    here, elsewhere = signed_in(identity), signed_in(identity)
    identity.logout_everywhere(identity.authenticate(here.access_token))
    assert is_over(identity, here)
    assert is_over(identity, elsewhere)
    assert identity.login(EMAIL, PASSWORD, HERE)


def test_access_token_of_an_earlier_version_is_rejected(identity: Identity) -> None:
    session = signed_in(identity)
    identity._accounts.revoke_access(ObjectId(session.user.id))  # its session goes on
    with pytest.raises(errors.TokenInvalid):
        identity.authenticate(session.access_token)
    assert identity.authenticate(identity.refresh(session.refresh_token).access_token)


@pytest.mark.parametrize("token", ["", ".", "a.", ".a", "no dot", "ü.ü", "x.$gt"])
def test_malformed_refresh_token_is_rejected(identity: Identity, token: str) -> None:
    identity.logout(token)
    assert identity.caller_of_cookie(token) is None
    with pytest.raises(errors.TokenInvalid):
        identity.refresh(token)


def test_new_password_ends_every_session_and_starts_one(identity: Identity) -> None:
    here, elsewhere = signed_in(identity), signed_in(identity)
    caller = identity.authenticate(here.access_token)
    with pytest.raises(errors.CredentialsWrong):
        identity.change_password(caller, "wrong horse", "battery staple", HERE)
    fresh = identity.change_password(caller, PASSWORD, "battery staple", HERE)
    assert is_over(identity, here)
    assert is_over(identity, elsewhere)
    assert identity.authenticate(fresh.access_token)
    assert identity.login(EMAIL, "battery staple", HERE)


def test_too_short_password_changes_nothing(identity: Identity) -> None:
    session = signed_in(identity)
    with pytest.raises(errors.PasswordTooShort):
        identity.change_password(identity.authenticate(session.access_token), PASSWORD, "short", HERE)
    assert identity.authenticate(session.access_token)


def test_administrator_sets_a_password(identity: Identity) -> None:
    session = signed_in(identity)
    identity.set_password(EMAIL, "battery staple")
    assert is_over(identity, session)
    with pytest.raises(errors.NotFound):
        identity.set_password("eve@example.org", "battery staple")


def test_disabled_account_is_rejected_at_once(identity: Identity, mongodb_url: str) -> None:
    session = signed_in(identity)
    script = identity.api_tokens.make(identity.authenticate(session.access_token), "backup", ["read"])
    with pymongo.MongoClient[dict[str, Any]](mongodb_url) as client:
        client.get_default_database()["users"].update_one({}, {"$set": {"disabled": True}})
    with pytest.raises(errors.CredentialsWrong):
        identity.login(EMAIL, PASSWORD, HERE)
    with pytest.raises(errors.TokenInvalid):
        identity.authenticate(script.token)
    assert is_over(identity, session)
