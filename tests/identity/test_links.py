"""Invitations and reset links: who may create them, who sees them, and when they end."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from gifapp import errors
from gifapp.identity.documents import LinkDocument, UserDocument
from gifapp.identity.passwords import Passwords
from gifapp.identity.service import Identity
from tests.identity.conftest import Build
from tests.identity.test_account_admin import made
from tests.identity.test_sessions import HERE, PASSWORD

NEW = "battery staple"


@pytest.fixture
def root(identity: Identity) -> str:
    """An administrator, not the only one."""
    made(identity, "other", "administrator")
    return made(identity, "root", "administrator")


def ids(identity: Identity) -> list[str]:
    return [link.id for link in identity.links.page().links]


ENDS: dict[str, Callable[[Identity, str], object]] = {
    "disabled": lambda identity, root: identity.people.change(root, disabled=True, by=None),
    "demoted": lambda identity, root: identity.people.change(root, role="user", by=None),
    "deleted": lambda identity, root: identity.people.delete(root, forget=lambda _: None, by=None),
    "password": lambda identity, _: identity.set_password("root@example.org", NEW),
    "everywhere": lambda identity, _: identity.logout_everywhere(
        identity.authenticate(identity.login("root@example.org", PASSWORD, HERE).access_token)
    ),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_link_is_void_when_its_maker_loses_their_role(
    identity: Identity, root: str, end: Callable[[Identity, str], object]
) -> None:
    bob = made(identity, "bob")
    invite, reset = identity.links.invite(by=root), identity.links.reset(bob, by=root)
    assert ids(identity) == [reset.id, invite.id]
    end(identity, root)
    with pytest.raises(errors.InviteInvalid):
        identity.register("eve@example.org", PASSWORD, invite=invite.token, address=HERE)
    with pytest.raises(errors.ResetLinkInvalid):
        identity.reset_password(reset.token, NEW, HERE)
    assert ids(identity) == []


@pytest.mark.parametrize(
    ("change", "change_back"),
    [({"disabled": True}, {"disabled": False}), ({"role": "user"}, {"role": "administrator"})],
    ids=["disabled", "demoted"],
)
def test_link_stays_void_when_its_maker_regains_their_role(
    identity: Identity, root: str, change: dict[str, Any], change_back: dict[str, Any]
) -> None:
    bob = made(identity, "bob")
    invite, reset = identity.links.invite(by=root), identity.links.reset(bob, by=root)
    identity.people.change(root, **change, by=None)
    identity.people.change(root, **change_back, by=None)
    with pytest.raises(errors.InviteInvalid):
        identity.register("eve@example.org", PASSWORD, invite=invite.token, address=HERE)
    with pytest.raises(errors.ResetLinkInvalid):
        identity.reset_password(reset.token, NEW, HERE)


def test_link_is_void_before_its_demoted_makers_links_are_removed(identity: Identity, root: str) -> None:
    invite, reset = identity.links.invite(by=root), identity.links.reset(made(identity, "bob"), by=root)
    UserDocument.objects(id=root).update(set__role="user")
    with pytest.raises(errors.InviteInvalid):
        identity.links.invitation(invite.token)
    with pytest.raises(errors.ResetLinkInvalid):
        identity.links.to_reset(reset.token)
    assert ids(identity) == []


def test_link_that_two_have_found_is_used_by_one(identity: Identity, root: str) -> None:
    invite, reset = identity.links.invite(by=root), identity.links.reset(made(identity, "bob"), by=root)
    for found in (identity.links.invitation(invite.token), identity.links.to_reset(reset.token)[0]):
        identity.links.use(found)
        with pytest.raises((errors.InviteInvalid, errors.ResetLinkInvalid)):
            identity.links.use(found)


def test_former_administrator_cannot_create_a_link(identity: Identity, root: str) -> None:
    identity.people.change(root, role="user", by=None)
    with pytest.raises(errors.AdministratorsOnly):
        identity.links.invite(by=root)
    with pytest.raises(errors.AdministratorsOnly):
        identity.links.reset(root, by=root)
    assert LinkDocument.objects.count() == 0


@pytest.mark.parametrize("kind", ["invitation", "reset"])
def test_link_is_void_when_its_maker_is_disabled_during_its_use(
    identity: Identity, root: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = (
        identity.links.invite(by=root) if kind == "invitation" else identity.links.reset(root, by=root)
    ).token
    reset = identity.links.reset(made(identity, "bob"), by=root).token
    hashed = Passwords.hash_new

    def slowly(self: Passwords, password: str, email: str) -> bytes:
        identity.people.change(root, disabled=True, by=None)
        return hashed(self, password, email)

    monkeypatch.setattr(Passwords, "hash_new", slowly)
    if kind == "invitation":
        with pytest.raises(errors.InviteInvalid):
            identity.register("eve@example.org", PASSWORD, invite=token, address=HERE)
        assert "eve@example.org" not in [user.email for user in identity.people.everybody()]
    else:
        with pytest.raises(errors.ResetLinkInvalid):
            identity.reset_password(reset, NEW, HERE)
        assert identity.login("bob@example.org", PASSWORD, HERE)


def test_open_links_are_listed_in_pages_without_their_secrets(identity: Identity, root: str) -> None:
    bob = made(identity, "bob")
    links = [
        identity.links.invite(by=None),
        identity.links.reset(bob, by=root),
        identity.links.invite(by=root),
    ]
    first = identity.links.page(limit=2)
    rest = identity.links.page(limit=2, cursor=first.next_cursor)
    listed = [(link.id, link.kind, link.by_email, link.email) for link in (*first.links, *rest.links)]
    assert listed == [
        (links[2].id, "invitation", "root@example.org", None),
        (links[1].id, "reset", "root@example.org", "bob@example.org"),
        (links[0].id, "invitation", None, None),
    ]
    assert rest.next_cursor is None
    stored = str([link.to_mongo() for link in LinkDocument.objects])
    shown = first.model_dump_json() + rest.model_dump_json()
    assert [link.token for link in links if link.token in stored + shown] == []
    with pytest.raises(errors.FieldInvalid, match="cursor"):
        identity.links.page(cursor="x")


def test_used_link_is_no_longer_open(identity: Identity, root: str) -> None:
    bob = made(identity, "bob")
    invite, reset = identity.links.invite(by=root), identity.links.reset(bob, by=root)
    other = identity.links.reset(bob, by=None)  # void because the password has changed
    identity.register("eve@example.org", PASSWORD, invite=invite.token, address=HERE)
    identity.reset_password(reset.token, NEW, HERE)
    assert ids(identity) == []
    for link in (invite, reset):
        with pytest.raises(errors.NotFound):
            identity.links.revoke(link.id, by=root)
    with pytest.raises(errors.ResetLinkInvalid):
        identity.reset_password(other.token, "yet another horse", HERE)


def test_revoked_link_is_void_and_recorded_in_the_audit_log(identity: Identity, root: str) -> None:
    bob = made(identity, "bob")
    invite, reset = identity.links.invite(by=None), identity.links.reset(bob, by=None)
    for link in (invite, reset):
        identity.links.revoke(link.id, by=root)
    with pytest.raises(errors.InviteInvalid):
        identity.register("eve@example.org", PASSWORD, invite=invite.token, address=HERE)
    with pytest.raises(errors.ResetLinkInvalid):
        identity.reset_password(reset.token, NEW, HERE)
    events = identity.audit.page(kind="link-revoked").events
    assert [(event.by_email, event.email, event.facts) for event in events] == [
        ("root@example.org", "bob@example.org", {"link": reset.id, "what": "reset"}),
        ("root@example.org", None, {"link": invite.id, "what": "invitation"}),
    ]
    for gone in (invite.id, "x", "0" * 24):
        with pytest.raises(errors.NotFound, match="There is no such link"):
            identity.links.revoke(gone, by=root)


def test_registered_address_does_not_use_up_an_invitation(identity: Identity, root: str) -> None:
    invite = identity.links.invite(by=root)
    with pytest.raises(errors.EmailTaken):
        identity.register("root@example.org", PASSWORD, invite=invite.token, address=HERE)
    assert identity.register("eve@example.org", PASSWORD, invite=invite.token, address=HERE)


def test_deleted_account_leaves_no_links(identity: Identity, root: str) -> None:
    bob = made(identity, "bob")
    identity.links.reset(bob, by=None)
    identity.links.invite(by=root)
    for user_id in (bob, root):
        identity.people.delete(user_id, forget=lambda _: None, by=None)
    assert LinkDocument.objects.count() == 0


@pytest.mark.parametrize("kind", ["invitation", "reset"])
def test_concurrent_use_and_revocation_of_a_link_have_one_winner(build: Build, kind: str) -> None:
    identity = build(password_rounds=8)
    root, bob = made(identity, "root", "administrator"), made(identity, "bob")
    links = identity.links

    def use(token: str, number: int) -> str:
        start.wait(10)
        try:
            if kind == "invitation":
                identity.register(
                    f"eve{number}@example.org", PASSWORD, invite=token, address=f"10.0.0.{number}"
                )
            else:
                identity.reset_password(token, NEW, f"10.0.0.{number}")
        except (errors.InviteInvalid, errors.ResetLinkInvalid):
            return "lost"
        return "won"

    def revoke(link_id: str) -> str:
        start.wait(10)
        try:
            links.revoke(link_id, by=root)
        except errors.NotFound:
            return "lost"
        return "won"

    with ThreadPoolExecutor(2) as threads:
        for number in range(10):  # they do not overlap every time
            start = Barrier(2)
            link = links.invite(by=root) if kind == "invitation" else links.reset(bob, by=root)
            outcomes = threads.submit(use, link.token, number), threads.submit(revoke, link.id)
            assert sorted(outcome.result(30) for outcome in outcomes) == ["lost", "won"]
