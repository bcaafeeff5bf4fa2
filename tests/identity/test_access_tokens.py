"""Access tokens: how long they are good, and that nobody else can make one."""

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from gifapp import errors
from gifapp.identity.service import Caller, Identity, Session
from gifapp.identity.tokens import TokenSigner, derived_key
from tests.identity.conftest import SECRET, Build, Clock
from tests.identity.test_sessions import signed_in

ACCESS_KEY = derived_key(SECRET, "access tokens")


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
        jwt.encode(content, None, algorithm="none"),  # type: ignore[arg-type]  # it has no key
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
