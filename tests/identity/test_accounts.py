"""Who may create an account, and what it requires."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from gifapp import errors
from gifapp.domain.views.jobs import UserView
from gifapp.identity.documents import UserDocument
from gifapp.identity.emails import normalised
from gifapp.identity.passwords import Passwords
from gifapp.identity.service import Identity, build_identity
from tests.identity.conftest import SECRET, Build, Clock

GOOD = "correct horse"
HERE = "203.0.113.7"


def founded(identity: Identity) -> UserView:
    return identity.register("ada@example.org", GOOD, identity.setup_token(), address=HERE)


def test_first_account_needs_the_setup_token_and_is_administrator(identity: Identity) -> None:
    for wrong in (None, "", "guess", "ü"):
        with pytest.raises(errors.SetupTokenWrong):
            identity.register("ada@example.org", GOOD, wrong, address=HERE)
    assert founded(identity).role == "administrator"
    assert identity.setup_token() is None


def test_setup_token_survives_a_restart_and_depends_on_the_secret(build: Build) -> None:
    assert build().setup_token() == build().setup_token()
    assert build().setup_token() != build(secret=b"another secret of thirty-two bytes").setup_token()


def test_concurrent_use_of_the_setup_token_creates_one_account(build: Build) -> None:
    identity = build(password_rounds=9)  # slow enough for all of them to find no account yet
    token, start = identity.setup_token(), Barrier(6)

    def attempt(number: int) -> str:
        start.wait(10)
        try:
            return identity.register(f"racer{number}@example.org", GOOD, token, address=HERE).role
        except errors.AccessDenied:
            return "refused"

    with ThreadPoolExecutor(6) as threads:
        outcomes = list(threads.map(attempt, range(6)))
    assert sorted(outcomes) == ["administrator", *["refused"] * 5]


def test_setup_token_creates_no_second_account(identity: Identity) -> None:
    token = identity.setup_token()
    founded(identity)
    with pytest.raises(errors.InviteInvalid):
        identity.register("eve@example.org", GOOD, token, address=HERE)


def test_invitation_creates_one_account(identity: Identity) -> None:
    founded(identity)
    invite = identity.invite()
    assert identity.register("bob@example.org", GOOD, invite=invite, address=HERE).role == "user"
    with pytest.raises(errors.InviteInvalid):
        identity.register("eve@example.org", GOOD, invite=invite, address=HERE)


def test_invitation_expires(build: Build, clock: Clock) -> None:
    founded(build())
    clock.now -= timedelta(days=7)
    with pytest.raises(errors.InviteInvalid):
        build().register("bob@example.org", GOOD, invite=build(now=clock).invite(), address=HERE)


def test_access_token_is_no_invitation(identity: Identity) -> None:
    founded(identity)
    access = identity.login("ada@example.org", GOOD, HERE).access_token
    with pytest.raises(errors.InviteInvalid):
        identity.register("eve@example.org", GOOD, invite=access, address=HERE)


def test_registration_may_be_open_or_closed(build: Build) -> None:
    founded(build())
    assert build(registration="open").register("bob@example.org", GOOD, address=HERE).role == "user"
    closed = build(registration="closed")
    with pytest.raises(errors.RegistrationClosed):
        closed.register("eve@example.org", GOOD, invite=closed.invite(), address=HERE)


def test_email_address_is_unique_however_it_is_written(identity: Identity) -> None:
    founded(identity)
    with pytest.raises(errors.EmailTaken):
        identity.create_user(" ADA@Example.ORG ", GOOD, "user")


def test_accounts_without_invitation_do_not_collide(identity: Identity) -> None:
    for name in ("ada", "bob", "eve"):
        identity.create_user(f"{name}@example.org", GOOD, "user")
    assert [user.email[:3] for user in identity.people.everybody()] == ["ada", "bob", "eve"]


@pytest.mark.parametrize(
    "wrong", ["", "ada", "@example.org", "a\0da@example.org", "a b@example.org", "ä@" * 9]
)
def test_invalid_email_address_is_refused_by_name(wrong: str) -> None:
    with pytest.raises(errors.FieldInvalid) as refused:
        normalised(wrong)
    assert refused.value.facts["field"] == "email"


def test_email_address_of_a_local_network_is_valid() -> None:
    assert normalised("Ada@nas") == "ada@nas"


def test_password_has_8_characters_to_72_bytes() -> None:
    passwords = Passwords(4)
    with pytest.raises(errors.PasswordTooShort, match="at least 8 characters"):
        passwords.hash("seven77")
    for long in ("x" * 73, "\N{PARTY POPPER}" * 20):
        with pytest.raises(errors.PasswordTooLong, match="72 bytes"):
            passwords.hash(long)
    assert passwords.match("x" * 72, passwords.hash("x" * 72))
    assert not passwords.match("x" * 73, passwords.hash("x" * 72))


@pytest.mark.parametrize(
    "common",
    [
        "password",
        "12345678",
        "Passw0rd!",
        "qwertyuiop",
        "aaaaaaaaaaaa",
        "ada.lovelace",
        "lovelace1",
        "gifapp123",
    ],
)
def test_common_password_is_refused(common: str) -> None:
    with pytest.raises(errors.PasswordTooCommon, match="Add another word"):
        Passwords(4).hash_new(common, "ada.lovelace@example.org")


def test_only_the_beginning_of_a_password_is_rated() -> None:
    """zxcvbn can take five seconds for a maliciously chosen long password."""
    malice = "4@8({[<369&#!1/|0$5+7%2" * 2
    Passwords(4).hash_new(malice, "ada@example.org")
    with pytest.raises(errors.PasswordTooCommon):
        Passwords(4).hash_new("a" * 20 + malice, "ada@example.org")


def test_common_password_is_refused_wherever_one_is_chosen(identity: Identity) -> None:
    with pytest.raises(errors.PasswordTooCommon):
        identity.register("ada@example.org", "password", identity.setup_token(), address=HERE)
    ada = founded(identity)
    caller = identity.authenticate(identity.login("ada@example.org", GOOD, HERE).access_token)
    reset = identity.links.reset(ada.id, by=None).token
    for choose in (
        lambda: identity.register("bob@example.org", "password", invite=identity.invite(), address=HERE),
        lambda: identity.create_user("bob@example.org", "password", "user"),
        lambda: identity.set_password("ada@example.org", "password"),
        lambda: identity.change_password(caller, GOOD, "password", HERE),
        lambda: identity.reset_password(reset, "password", HERE),
    ):
        with pytest.raises(errors.PasswordTooCommon):
            choose()


def test_password_is_stored_as_bcrypt_with_4096_rounds(mongodb_url: str, redis_url: str) -> None:
    identity = build_identity(
        mongodb_url=mongodb_url, redis_url=redis_url, secret=SECRET, registration="closed"
    )
    identity.create_user("ada@example.org", GOOD, "user")
    [stored_hash] = UserDocument.objects.scalar("password_hash")
    identity.close()
    assert stored_hash.startswith(b"$2b$12$")


def test_password_is_normalised_across_keyboards() -> None:
    passwords = Passwords(4)
    assert passwords.match("Ko\u0308nigsberg", passwords.hash("K\u00f6nigsberg"))


def test_every_character_of_a_password_counts() -> None:
    passwords = Passwords(4)
    assert not passwords.match("correct\0battery", passwords.hash("correct\0staple"))
