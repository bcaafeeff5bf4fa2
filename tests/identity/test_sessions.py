"""Signing in, being recognised, and everything that ends it."""

import base64
import hashlib
import hmac
import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import jwt
import pymongo
import pytest

from gifapp import errors
from gifapp.identity.login_backoff import FREE_FAILURES
from gifapp.identity.passwords import Passwords
from gifapp.identity.service import Caller, Identity, Rates, Session
from gifapp.identity.tokens import TokenSigner, derived_key
from tests.identity.conftest import SECRET, Build, Clock

EMAIL, PASSWORD, HERE = "ada@example.org", "correct horse", "203.0.113.7"
ACCESS_KEY = derived_key(SECRET, "access tokens")


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


def test_signing_in_tells_who_one_is(identity: Identity) -> None:
    session = signed_in(identity)
    caller = identity.authenticate(session.access_token)
    assert (caller.user_id, caller.email, caller.role) == (session.user.id, EMAIL, "user")
    assert 0 < (caller.expires_at - datetime.now(UTC)).total_seconds() <= session.expires_in == 900


@pytest.mark.parametrize(
    ("email", "password"),
    [(EMAIL, "wrong horse"), ("eve@example.org", PASSWORD), (EMAIL, "x" * 5000), (EMAIL, "")],
)
def test_a_wrong_password_and_an_unknown_account_look_alike(
    identity: Identity, email: str, password: str
) -> None:
    signed_in(identity)
    with pytest.raises(errors.CredentialsWrong):
        identity.login(email, password, HERE)


def test_an_unknown_account_takes_as_long_as_a_wrong_password() -> None:
    passwords = Passwords(8)
    known = passwords.hash(PASSWORD)

    def taken_s(whose: bytes | None) -> float:
        begun = time.thread_time()
        assert not passwords.match("wrong horse", whose)
        return time.thread_time() - begun

    assert taken_s(None) > taken_s(known) / 2


@pytest.mark.parametrize("email", [EMAIL, "eve@example.org"])
def test_an_unknown_account_is_slowed_as_a_known_one(identity: Identity, email: str) -> None:
    signed_in(identity)
    for _ in range(FREE_FAILURES):
        with pytest.raises(errors.CredentialsWrong):
            identity.login(email, "wrong horse", "198.51.100.9")
    with pytest.raises(errors.SignInSlowed):
        identity.login(email, "wrong horse", "198.51.100.9")


def test_a_refresh_token_gives_the_next_one(identity: Identity) -> None:
    first = signed_in(identity)
    second = identity.refresh(first.refresh_token)
    third = identity.refresh(second.refresh_token)
    assert len({one.refresh_token for one in (first, second, third)}) == 3
    assert (
        identity.authenticate(first.access_token).session_id
        == identity.authenticate(third.access_token).session_id
    )


def test_a_refresh_token_used_twice_ends_the_session(build: Build, clock: Clock) -> None:
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
def test_a_session_id_alone_ends_no_session(identity: Identity, rest: str) -> None:
    session = signed_in(identity)
    session_id = identity.authenticate(session.access_token).session_id
    with pytest.raises(errors.TokenInvalid):
        identity.refresh(f"{session_id}.{rest}")
    identity.logout(f"{session_id}.{rest}")
    assert identity.authenticate(session.access_token)
    assert identity.refresh(session.refresh_token)


def test_an_earlier_token_of_one_session_ends_no_other(build: Build, clock: Clock) -> None:
    identity = build(now=clock)
    mine, theirs = signed_in(identity), signed_in(identity)
    their_id = theirs.refresh_token.partition(".")[0]
    identity.refresh(mine.refresh_token)
    clock.forward(seconds=11)
    with pytest.raises(errors.TokenInvalid):
        identity.refresh(f"{their_id}.{mine.refresh_token.partition('.')[2]}")
    assert identity.refresh(theirs.refresh_token)


def test_a_token_of_before_the_signatures_gives_the_next_one(identity: Identity, mongodb_url: str) -> None:
    session = signed_in(identity)
    session_id = session.refresh_token.partition(".")[0]
    unsigned = "unsigned"
    with pymongo.MongoClient(mongodb_url) as client:
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


def test_nobody_without_the_secret_can_tell_the_next_token(build: Build) -> None:
    identity, other = build(), build(secret=b"another secret of thirty-two bytes")
    token = signed_in(identity).refresh_token
    told = {one.refresh(token).refresh_token for one in (identity, other)}
    assert len(told) == 2


def test_a_page_load_with_the_token_of_a_moment_ago_is_still_signed_in(identity: Identity) -> None:
    first = signed_in(identity)
    identity.refresh(first.refresh_token)
    caller = identity.caller_of_cookie(first.refresh_token)
    assert caller is not None
    assert caller.email == EMAIL


def test_a_session_that_nobody_refreshes_ends(build: Build, clock: Clock) -> None:
    identity = build(now=clock)
    clock.now -= timedelta(days=31)
    session = signed_in(identity)
    clock.forward(days=29)
    session = identity.refresh(session.refresh_token)
    clock.forward(days=29)
    assert identity.caller_of_cookie(session.refresh_token)
    clock.forward(days=2)
    assert identity.caller_of_cookie(session.refresh_token) is None


def test_only_digests_are_kept_and_mongodb_removes_what_expired(identity: Identity, mongodb_url: str) -> None:
    session = signed_in(identity)
    with pymongo.MongoClient(mongodb_url) as client:
        sessions = client.get_default_database()["sessions"]
        kept = str(sessions.find_one())
        ttl = [index for index in sessions.index_information().values() if "expireAfterSeconds" in index]
    assert session.refresh_token.partition(".")[2] not in kept
    assert ttl[0]["key"] == [("expires_at", 1)]


def test_after_logout_nothing_works(identity: Identity) -> None:
    session = signed_in(identity)
    caller = identity.authenticate(session.access_token)
    identity.logout(session.refresh_token)
    assert is_over(identity, session)
    assert not identity.is_live(caller)
    with pytest.raises(errors.TokenInvalid):
        identity.access_token_for(caller)


def test_logging_out_of_one_session_leaves_the_other(identity: Identity) -> None:
    one, other = signed_in(identity), signed_in(identity)
    identity.logout(one.refresh_token)
    assert identity.authenticate(other.access_token)


def test_logging_out_everywhere_ends_every_session_and_access_token(identity: Identity) -> None:
    here, elsewhere = signed_in(identity), signed_in(identity)
    identity.logout_everywhere(identity.authenticate(here.access_token))
    assert is_over(identity, here)
    assert is_over(identity, elsewhere)
    assert identity.login(EMAIL, PASSWORD, HERE)


@pytest.mark.parametrize("token", ["", ".", "a.", ".a", "no dot", "ü.ü", "x.$gt"])
def test_what_is_no_refresh_token_is_nobodys(identity: Identity, token: str) -> None:
    identity.logout(token)
    assert identity.caller_of_cookie(token) is None
    with pytest.raises(errors.TokenInvalid):
        identity.refresh(token)


def test_a_new_password_ends_every_session_and_begins_one(identity: Identity) -> None:
    here, elsewhere = signed_in(identity), signed_in(identity)
    caller = identity.authenticate(here.access_token)
    with pytest.raises(errors.CredentialsWrong):
        identity.change_password(caller, "wrong horse", "battery staple", HERE)
    fresh = identity.change_password(caller, PASSWORD, "battery staple", HERE)
    assert is_over(identity, here)
    assert is_over(identity, elsewhere)
    assert identity.authenticate(fresh.access_token)
    assert identity.login(EMAIL, "battery staple", HERE)


def test_a_password_too_short_changes_nothing(identity: Identity) -> None:
    session = signed_in(identity)
    with pytest.raises(errors.PasswordTooShort):
        identity.change_password(identity.authenticate(session.access_token), PASSWORD, "short", HERE)
    assert identity.authenticate(session.access_token)


def test_an_administrator_sets_a_password(identity: Identity) -> None:
    session = signed_in(identity)
    identity.set_password(EMAIL, "battery staple")
    assert is_over(identity, session)
    with pytest.raises(errors.NotFound):
        identity.set_password("eve@example.org", "battery staple")


def test_a_disabled_account_is_out_at_once(identity: Identity, mongodb_url: str) -> None:
    session = signed_in(identity)
    script = identity.api_tokens.make(identity.authenticate(session.access_token), "backup", ["read"])
    with pymongo.MongoClient(mongodb_url) as client:
        client.get_default_database()["users"].update_one({}, {"$set": {"disabled": True}})
    with pytest.raises(errors.CredentialsWrong):
        identity.login(EMAIL, PASSWORD, HERE)
    with pytest.raises(errors.TokenInvalid):
        identity.authenticate(script.token)
    assert is_over(identity, session)


def test_a_kernels_token_belongs_to_the_same_session(identity: Identity) -> None:
    session = signed_in(identity)
    caller = identity.caller_of_cookie(session.refresh_token)
    assert isinstance(caller, Caller)
    token, expires_in = identity.access_token_for(caller)
    assert identity.authenticate(token).session_id == caller.session_id
    assert expires_in == 900


def test_an_access_token_expires(build: Build, clock: Clock) -> None:
    token = signed_in(build(now=clock)).access_token
    with pytest.raises(errors.TokenExpired):
        build().authenticate(token)


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def forged(session: Session) -> list[str]:
    """Access tokens that somebody without the key could make of a good one, and one by another algorithm."""
    head, claims, signature = session.access_token.split(".")
    none, rs256, hs512 = (
        encoded(json.dumps({"alg": name, "typ": "JWT"}).encode()) for name in ("none", "RS256", "HS512")
    )
    content = json.loads(base64.urlsafe_b64decode(claims + "=="))
    return [
        f"{none}.{claims}.",
        f"{none}.{claims}.{signature}",
        f"{rs256}.{claims}.{signature}",
        f"{head}.{claims}.{signature[:-4]}AAAA",
        jwt.encode(content, "k" * 32, algorithm="HS256"),
        jwt.encode(content, None, algorithm="none"),
        f"{hs512}.{claims}.{encoded(hmac.digest(ACCESS_KEY, f'{hs512}.{claims}'.encode(), 'sha512'))}",
        session.refresh_token,
        "",
        "a.b.c",
    ]


def test_a_forged_token_is_nobodys(identity: Identity) -> None:
    for token in forged(signed_in(identity)):
        with pytest.raises(errors.TokenInvalid):
            identity.authenticate(token)


@pytest.mark.parametrize(
    "claims",
    [{"purpose": "invite"}, {"aud": "else"}, {"iss": "else"}, {"ver": 7}, {"sub": "0" * 24}, {"sid": "else"}],
)
def test_every_claim_counts(identity: Identity, claims: dict[str, object]) -> None:
    good = signed_in(identity).access_token
    content = jwt.decode(good, options={"verify_signature": False})
    assert identity.authenticate(jwt.encode(content, ACCESS_KEY, algorithm="HS256"))
    with pytest.raises(errors.TokenInvalid):
        identity.authenticate(jwt.encode({**content, **claims}, ACCESS_KEY, algorithm="HS256"))


@pytest.mark.parametrize("claim", ["iss", "aud", "exp", "iat", "sub", "sid", "ver", "purpose"])
def test_every_claim_is_needed(identity: Identity, claim: str) -> None:
    content = jwt.decode(signed_in(identity).access_token, options={"verify_signature": False})
    del content[claim]
    with pytest.raises(errors.TokenInvalid):
        identity.authenticate(jwt.encode(content, ACCESS_KEY, algorithm="HS256"))


# by how many seconds the clock that signed a token of one minute is ahead of ours, and whether it is taken
CLOCKS = [(0, True), (0.5, True), (4, True), (30, False), (3600, False)]
CLOCKS += [(-59, True), (-63, True), (-90, False), (-3600, False)]


@pytest.mark.parametrize(("ahead_s", "is_taken"), CLOCKS)
def test_clocks_may_differ_by_a_few_seconds(ahead_s: float, is_taken: bool) -> None:
    signer = TokenSigner(
        SECRET, "access", timedelta(minutes=1), lambda: datetime.now(UTC) + timedelta(seconds=ahead_s)
    )
    assert is_read(signer, signer.sign()[0]) is is_taken


@pytest.mark.parametrize(("ahead_s", "is_taken"), [(-60, True), (0.5, True), (4, True), (30, False)])
def test_a_token_for_later_is_not_taken_yet(ahead_s: float, is_taken: bool) -> None:
    signer = TokenSigner(SECRET, "access", timedelta(minutes=1), lambda: datetime.now(UTC))
    token, _ = signer.sign(nbf=datetime.now(UTC) + timedelta(seconds=ahead_s))
    assert is_read(signer, token) is is_taken


def is_read(signer: TokenSigner, token: str) -> bool:
    try:
        return bool(signer.read(token))
    except errors.TokenInvalid:
        return False


def test_a_token_of_another_purpose_has_another_key() -> None:
    def now() -> datetime:
        return datetime.now(UTC)

    one, other = (TokenSigner(SECRET, purpose, timedelta(minutes=1), now) for purpose in ("access", "invite"))
    claims = jwt.decode(one.sign()[0], options={"verify_signature": False})
    for purpose in ("access", "invite"):  # what it says of itself is not all that keeps them apart
        renamed = jwt.encode({**claims, "purpose": purpose}, ACCESS_KEY, algorithm="HS256")
        assert (purpose == "access") is is_read(one, renamed)
        assert not is_read(other, renamed)


def test_guessing_is_stopped_per_account_from_wherever_it_comes(build: Build) -> None:
    identity = build(rates=Rates(login_by_account="3/minute"))
    signed_in(identity)
    for number in range(3):
        with pytest.raises(errors.CredentialsWrong):
            identity.login(EMAIL, "wrong horse", f"203.0.113.{number}")
    with pytest.raises(errors.TooManyRequests) as refused:
        identity.login(EMAIL, PASSWORD, "203.0.113.9")
    assert 1 <= refused.value.facts["retry_after_s"] <= 60


def test_guessing_is_stopped_per_address_whatever_the_account(build: Build) -> None:
    identity = build(rates=Rates(login_by_address="3/minute"))
    for number in range(3):
        with pytest.raises(errors.CredentialsWrong):
            identity.login(f"user{number}@example.org", PASSWORD, "2001:db8::1")
    with pytest.raises(errors.TooManyRequests):
        identity.login(EMAIL, PASSWORD, "2001:db8::2")
    with pytest.raises(errors.CredentialsWrong):
        identity.login(EMAIL, PASSWORD, "2001:db8:0:1::1")


def test_a_password_is_guessed_no_faster_by_whoever_is_signed_in(build: Build) -> None:
    identity = build(rates=Rates(login_by_account="3/minute"))
    caller = identity.authenticate(signed_in(identity).access_token)
    guesses = [
        lambda: identity.change_password(caller, "wrong horse", "battery staple", HERE),
        lambda: identity.delete_own(caller, "wrong horse", HERE, forget=print),
    ]
    for guess in (*guesses, guesses[0]):
        with pytest.raises(errors.CredentialsWrong):
            guess()
    for guess in guesses:
        with pytest.raises(errors.TooManyRequests):
            guess()


def test_whoever_signs_in_starts_afresh(build: Build) -> None:
    identity = build(rates=Rates(login_by_account="3/minute"))
    for _ in range(5):
        signed_in(identity)


def test_registering_is_limited_per_address(build: Build) -> None:
    identity = build(rates=Rates(register_by_address="2/minute"))
    for _ in range(2):
        with pytest.raises(errors.SetupTokenWrong):
            identity.register(EMAIL, PASSWORD, "guess", address=HERE)
    with pytest.raises(errors.TooManyRequests):
        identity.register(EMAIL, PASSWORD, "guess", address=HERE)


def test_trying_links_for_a_new_password_is_limited_per_address(build: Build) -> None:
    identity = build(rates=Rates(register_by_address="2/minute"))
    for _ in range(2):
        with pytest.raises(errors.ResetLinkInvalid):
            identity.reset_password("guess", "battery staple", HERE)
    with pytest.raises(errors.TooManyRequests):
        identity.reset_password("guess", "battery staple", HERE)


def test_without_redis_nobody_signs_in_but_sessions_go_on(build: Build) -> None:
    session = signed_in(build())
    alone = build(redis_url="redis://127.0.0.1:1/0")
    with pytest.raises(errors.ServiceUnavailable, match="Redis"):
        alone.login(EMAIL, PASSWORD, HERE)
    assert alone.authenticate(session.access_token)
