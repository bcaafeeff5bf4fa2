"""What administrators may do to accounts, and what they may not."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from gifapp import errors
from gifapp.domain.accounts import Role
from gifapp.identity.documents import SessionDocument
from gifapp.identity.passwords import Passwords
from gifapp.identity.service import Identity
from tests.identity.conftest import Build, Clock
from tests.identity.test_sessions import EMAIL, HERE, PASSWORD, is_over, signed_in

NEW = "battery staple"


def made(identity: Identity, name: str, role: Role = "user") -> str:
    return identity.create_user(f"{name}@example.org", PASSWORD, role).id


def test_accounts_are_listed_in_pages(identity: Identity) -> None:
    ids = [made(identity, name) for name in ("ada", "bob", "eve")]
    first = identity.people.page(limit=2)
    assert [user.id for user in first.users] == [ids[2], ids[1]]
    rest = identity.people.page(limit=2, cursor=first.next_cursor)
    assert [user.id for user in rest.users] == [ids[0]]
    assert rest.next_cursor is None
    assert identity.people.page(limit=3).next_cursor is None
    with pytest.raises(errors.FieldInvalid, match="cursor"):
        identity.people.page(cursor="x")


def test_last_seen_time_is_recorded(identity: Identity) -> None:
    session = signed_in(identity)
    seen = identity.people.find(session.user.id).last_seen_at
    assert seen is not None
    identity.refresh(session.refresh_token)
    again = identity.people.find(session.user.id).last_seen_at
    assert again is not None
    assert again >= seen


def test_disabled_account_is_signed_out_until_it_is_enabled(identity: Identity) -> None:
    session = signed_in(identity)
    assert identity.people.change(session.user.id, disabled=True, by=None).disabled
    assert is_over(identity, session)
    with pytest.raises(errors.CredentialsWrong):
        identity.login(EMAIL, PASSWORD, HERE)
    identity.people.change(session.user.id, disabled=False, by=None)
    assert is_over(identity, session)
    assert identity.login(EMAIL, PASSWORD, HERE)


@pytest.mark.parametrize("end", ["disable", "set_password", "delete", "everywhere"])
def test_sign_in_that_overlaps_the_end_of_all_sessions_fails(
    identity: Identity, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    session = signed_in(identity)
    user_id, caller = session.user.id, identity.authenticate(session.access_token)
    ends: dict[str, Callable[[], object]] = {
        "disable": lambda: identity.people.change(user_id, disabled=True, by=None),
        "set_password": lambda: identity.set_password(EMAIL, NEW),
        "delete": lambda: identity.people.delete(user_id, forget=lambda _: None, by=None),
        "everywhere": lambda: identity.logout_everywhere(caller),
    }
    matched = Passwords.match

    def slowly(self: Passwords, password: str, known: bytes | None) -> bool:
        is_right = matched(self, password, known)
        ends[end]()
        return is_right

    monkeypatch.setattr(Passwords, "match", slowly)
    with pytest.raises(errors.CredentialsWrong):
        identity.login(EMAIL, PASSWORD, HERE)
    assert SessionDocument.objects.count() == 0


def test_disabled_account_cannot_create_a_token(identity: Identity) -> None:
    caller = identity.authenticate(signed_in(identity).access_token)
    identity.people.change(caller.user_id, disabled=True, by=None)
    with pytest.raises(errors.TokenInvalid):
        identity.api_tokens.make(caller, "late", ["read"])
    assert identity.api_tokens.all_of(caller.user_id) == []


def test_last_administrator_cannot_be_removed(identity: Identity) -> None:
    root, other = made(identity, "root", "administrator"), made(identity, "other", "administrator")
    identity.people.change(other, disabled=True, by=root)
    forgotten: list[str] = []
    for attempt in (
        lambda: identity.people.change(root, role="user", by=root),
        lambda: identity.people.change(root, disabled=True, by=root),
        lambda: identity.people.delete(root, forget=forgotten.append, by=root),
    ):
        with pytest.raises(errors.LastAdministrator):
            attempt()
    account = identity.people.find(root)
    assert (account.role, account.disabled, forgotten) == ("administrator", False, [])


def test_administrators_who_demote_each_other_leave_one(identity: Identity) -> None:
    ids = [made(identity, name, "administrator") for name in ("ada", "bob")]

    def demote(user_id: str) -> None:
        start.wait(10)
        try:
            identity.people.change(user_id, role="user", by=None)
        except errors.LastAdministrator:
            return

    with ThreadPoolExecutor(2) as threads:
        for _ in range(20):  # they do not overlap every time
            start = Barrier(2)
            list(threads.map(demote, ids))
            assert [user_id for user_id in ids if identity.people.find(user_id).role == "administrator"]
            for user_id in ids:
                identity.people.change(user_id, role="administrator", by=None)


def test_new_role_applies_at_once(identity: Identity) -> None:
    session = signed_in(identity)
    identity.people.change(session.user.id, role="administrator", by=None)
    assert identity.authenticate(session.access_token).role == "administrator"


def test_deleted_account_leaves_nothing_behind(identity: Identity) -> None:
    session = signed_in(identity)
    forgotten: list[str] = []
    token = identity.api_tokens.make(identity.authenticate(session.access_token), "x", ["read"]).token
    identity.people.delete(session.user.id, forget=forgotten.append, by=None)
    assert forgotten == [session.user.id]
    assert is_over(identity, session)
    with pytest.raises(errors.TokenInvalid):
        identity.authenticate(token)
    with pytest.raises(errors.NotFound):
        identity.people.find(session.user.id)
    assert identity.people.everybody() == []


def test_invitation_of_a_deleted_account_cannot_be_reused(identity: Identity) -> None:
    made(identity, "root", "administrator")
    invite = identity.invite()
    bob = identity.register("bob@example.org", PASSWORD, invite=invite, address=HERE)
    identity.people.delete(bob.id, forget=lambda _: None, by=None)
    with pytest.raises(errors.InviteInvalid):
        identity.register("bob@example.org", PASSWORD, invite=invite, address=HERE)


def test_interrupted_deletion_can_be_repeated(identity: Identity) -> None:
    session = signed_in(identity)

    def breaks(user_id: str) -> None:
        raise errors.ServiceUnavailable(service="MongoDB")

    with pytest.raises(errors.ServiceUnavailable):
        identity.people.delete(session.user.id, forget=breaks, by=None)
    assert identity.people.find(session.user.id).disabled
    identity.people.delete(session.user.id, forget=lambda _: None, by=None)
    assert identity.people.everybody() == []


def test_deleting_ones_own_account_requires_the_password(identity: Identity) -> None:
    caller = identity.authenticate(signed_in(identity).access_token)
    with pytest.raises(errors.CredentialsWrong):
        identity.delete_own(caller, "wrong horse", HERE, forget=lambda _: None)
    identity.delete_own(caller, PASSWORD, HERE, forget=lambda _: None)
    assert identity.people.everybody() == []


# --- reset links


def test_reset_link_sets_a_new_password_once(identity: Identity) -> None:
    session = signed_in(identity)
    link = identity.links.reset(session.user.id, by=None)
    assert link.path == f"/?reset={link.token}"
    fresh = identity.reset_password(link.token, NEW, HERE)
    assert identity.authenticate(fresh.access_token).email == EMAIL
    assert is_over(identity, session)
    with pytest.raises(errors.ResetLinkInvalid):
        identity.reset_password(link.token, "yet another horse", HERE)
    assert identity.login(EMAIL, NEW, HERE)


def test_rejected_password_does_not_use_up_the_link(identity: Identity) -> None:
    link = identity.links.reset(signed_in(identity).user.id, by=None)
    with pytest.raises(errors.PasswordTooShort):
        identity.reset_password(link.token, "short", HERE)
    assert identity.reset_password(link.token, NEW, HERE)


def test_reset_link_is_void_after_a_password_change(identity: Identity) -> None:
    session = signed_in(identity)
    link = identity.links.reset(session.user.id, by=None)
    identity.change_password(identity.authenticate(session.access_token), PASSWORD, NEW, HERE)
    with pytest.raises(errors.ResetLinkInvalid):
        identity.reset_password(link.token, "yet another horse", HERE)


def test_reset_link_expires_after_a_day_or_when_the_account_is_disabled(build: Build, clock: Clock) -> None:
    identity = build()
    user_id = signed_in(identity).user.id
    clock.forward(minutes=-1)  # more than the allowed clock difference
    old = build(now=clock).links.reset(user_id, by=None)
    clock.forward(minutes=5)
    young = build(now=clock).links.reset(user_id, by=None)
    assert young.expires_at - clock.now == timedelta(days=1)
    identity.people.change(user_id, disabled=True, by=None)
    for token in (old.token, young.token, "", "a.b.c", signed_in_token(identity)):
        with pytest.raises(errors.ResetLinkInvalid):
            identity.reset_password(token, NEW, HERE)
    identity.people.change(user_id, disabled=False, by=None)
    with pytest.raises(errors.ResetLinkInvalid):
        identity.reset_password(old.token, NEW, HERE)
    assert identity.reset_password(young.token, NEW, HERE)


def signed_in_token(identity: Identity) -> str:
    made(identity, "bob")
    return identity.login("bob@example.org", PASSWORD, HERE).access_token


def test_invitations_and_reset_links_are_not_interchangeable(identity: Identity) -> None:
    user_id = signed_in(identity).user.id
    link, invite = identity.links.reset(user_id, by=None).token, identity.invite()
    with pytest.raises(errors.InviteInvalid):
        identity.register("eve@example.org", NEW, invite=link, address=HERE)
    with pytest.raises(errors.ResetLinkInvalid):
        identity.reset_password(invite, NEW, HERE)


def test_only_one_of_two_concurrent_uses_of_a_link_succeeds(build: Build) -> None:
    identity = build(password_rounds=9)
    token = identity.links.reset(signed_in(identity).user.id, by=None).token
    start = Barrier(2)

    def use(password: str) -> str:
        start.wait(10)
        try:
            return identity.reset_password(token, password, HERE).user.email
        except errors.ResetLinkInvalid:
            return "refused"

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(use, (NEW, "yet another horse"))) == [EMAIL, "refused"]
