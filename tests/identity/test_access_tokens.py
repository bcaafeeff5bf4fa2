"""Access tokens: their lifetime, and resistance to forgery."""

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


def test_kernel_token_belongs_to_the_same_session(identity: Identity) -> None:
    session = signed_in(identity)
    caller = identity.caller_of_cookie(session.refresh_token)
    assert isinstance(caller, Caller)
    token, expires_in = identity.access_token_for(caller)
    assert identity.authenticate(token).session_id == caller.session_id
    assert expires_in == 900


def test_access_token_expires(build: Build, clock: Clock) -> None:
    token = signed_in(build(now=clock)).access_token
    with pytest.raises(errors.TokenExpired):
        build().authenticate(token)


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def forged(session: Session) -> list[str]:
    """Tokens forged from a valid one without the key, and one signed with another algorithm."""
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


def test_forged_token_is_rejected(identity: Identity) -> None:
    for token in forged(signed_in(identity)):
        with pytest.raises(errors.TokenInvalid):
            identity.authenticate(token)


@pytest.mark.parametrize(
    "claims",
    [{"purpose": "invite"}, {"aud": "else"}, {"iss": "else"}, {"ver": 7}, {"sub": "0" * 24}, {"sid": "else"}],
)
def test_wrong_claim_is_rejected(identity: Identity, claims: dict[str, object]) -> None:
    good = signed_in(identity).access_token
    content = jwt.decode(good, options={"verify_signature": False})
    assert identity.authenticate(jwt.encode(content, ACCESS_KEY, algorithm="HS256"))
    with pytest.raises(errors.TokenInvalid):
        identity.authenticate(jwt.encode({**content, **claims}, ACCESS_KEY, algorithm="HS256"))


@pytest.mark.parametrize("claim", ["iss", "aud", "exp", "iat", "sub", "sid", "ver", "purpose"])
def test_missing_claim_is_rejected(identity: Identity, claim: str) -> None:
    content = jwt.decode(signed_in(identity).access_token, options={"verify_signature": False})
    del content[claim]
    with pytest.raises(errors.TokenInvalid):
        identity.authenticate(jwt.encode(content, ACCESS_KEY, algorithm="HS256"))


# how many seconds the signer's clock is ahead of ours, and whether a token of one minute is accepted
CLOCKS = [(0, True), (0.5, True), (4, True), (30, False), (3600, False)]
CLOCKS += [(-59, True), (-63, True), (-90, False), (-3600, False)]


@pytest.mark.parametrize(("ahead_s", "is_taken"), CLOCKS)
def test_clocks_may_differ_by_a_few_seconds(ahead_s: float, is_taken: bool) -> None:
    signer = TokenSigner(
        SECRET, "access", timedelta(minutes=1), lambda: datetime.now(UTC) + timedelta(seconds=ahead_s)
    )
    assert is_read(signer, signer.sign()[0]) is is_taken


@pytest.mark.parametrize(("ahead_s", "is_taken"), [(-60, True), (0.5, True), (4, True), (30, False)])
def test_token_from_the_future_is_rejected(ahead_s: float, is_taken: bool) -> None:
    signer = TokenSigner(SECRET, "access", timedelta(minutes=1), lambda: datetime.now(UTC))
    token, _ = signer.sign(nbf=datetime.now(UTC) + timedelta(seconds=ahead_s))
    assert is_read(signer, token) is is_taken


def is_read(signer: TokenSigner, token: str) -> bool:
    try:
        return bool(signer.read(token))
    except errors.TokenInvalid:
        return False


def test_each_purpose_has_its_own_key() -> None:
    def now() -> datetime:
        return datetime.now(UTC)

    signer, other_signer = (
        TokenSigner(SECRET, purpose, timedelta(minutes=1), now) for purpose in ("access", "invite")
    )
    claims = jwt.decode(signer.sign()[0], options={"verify_signature": False})
    for purpose in ("access", "invite"):  # the claim alone does not tell them apart
        renamed = jwt.encode({**claims, "purpose": purpose}, ACCESS_KEY, algorithm="HS256")
        assert (purpose == "access") is is_read(signer, renamed)
        assert not is_read(other_signer, renamed)
