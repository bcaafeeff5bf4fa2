"""The audit log of security events."""

from datetime import timedelta
from typing import Any

import pymongo
import pytest
from structlog.testing import capture_logs

from gifapp import errors
from gifapp.identity.audit import set_request_origin
from gifapp.identity.service import Identity
from tests.identity.conftest import Build, Clock
from tests.identity.test_account_admin import NEW, made
from tests.identity.test_sessions import EMAIL, HERE, PASSWORD, signed_in


def kinds(identity: Identity, user_id: str | None = None) -> list[str]:
    """The kinds of events, oldest first."""
    return [str(event.kind) for event in identity.audit.page(user_id=user_id, limit=200).events][::-1]


def test_account_events_are_recorded(build: Build, clock: Clock) -> None:
    identity = build(now=clock)
    clock.to_real_time()
    identity.register(EMAIL, PASSWORD, identity.setup_token(), address=HERE)
    session = signed_in(identity)
    caller = identity.authenticate(session.access_token)
    with pytest.raises(errors.CredentialsWrong):
        identity.login(EMAIL, "wrong horse", HERE)
    token = identity.api_tokens.make(caller, "backup", ["read"])
    for _ in range(2):
        identity.authenticate(token.token)
    identity.api_tokens.revoke(caller, token.id)
    session = identity.change_password(caller, PASSWORD, NEW, HERE)
    identity.reset_password(identity.links.reset(caller.user_id, by=None).token, PASSWORD, HERE)
    identity.logout_everywhere(caller)
    session = signed_in(identity)
    identity.refresh(session.refresh_token)
    clock.forward(seconds=11)
    with pytest.raises(errors.TokenInvalid):
        identity.refresh(session.refresh_token)
    identity.logout(signed_in(identity).refresh_token)
    assert kinds(identity, caller.user_id) == [
        *("registered", "signed-in", "sign-in-failed", "token-made", "token-used", "token-revoked"),
        *("password-changed", "reset-link-made", "password-reset", "signed-out-everywhere"),
        *("signed-in", "refresh-reused", "signed-in", "signed-out"),
    ]


def test_administrators_actions_are_recorded_with_their_name(identity: Identity) -> None:
    root, bob = made(identity, "root", "administrator"), made(identity, "bob")
    identity.people.change(bob, role="administrator", by=root)
    identity.people.change(bob, role="administrator", by=root)  # nothing new
    identity.people.change(bob, disabled=True, by=root)
    identity.people.change(bob, disabled=False, by=root)
    identity.people.delete(bob, forget=lambda _: None, by=root)
    events = identity.audit.page(user_id=bob).events[::-1]
    assert [event.kind for event in events] == [
        *("account-made", "role-changed", "disabled", "enabled", "deleted")
    ]
    assert {(event.email, event.by_email) for event in events[1:]} == {(None, "root@example.org")}
    assert events[1].facts == {"role": "administrator"}


def test_unknown_address_is_recorded_as_a_digest_without_the_password(
    identity: Identity, mongodb_url: str
) -> None:
    for _ in range(2):
        with pytest.raises(errors.CredentialsWrong):
            identity.login("eve@example.org", "a secret of eve's", HERE)
    newer, older = identity.audit.page(kind="sign-in-failed").events
    assert (newer.user_id, newer.stranger) == (None, older.stranger)
    assert newer.stranger
    with pymongo.MongoClient[dict[str, Any]](mongodb_url) as client:
        stored = str(list(client.get_default_database()["audit"].find()))
    assert "eve" not in stored


def test_digest_of_an_address_depends_on_the_secret(build: Build) -> None:
    identities = [build(), build(secret=b"another secret of thirty-two bytes")]
    for identity in identities:
        with pytest.raises(errors.CredentialsWrong):
            identity.login("eve@example.org", "wrong horse", HERE)
    newer, older = identities[0].audit.page(kind="sign-in-failed").events
    assert newer.stranger != older.stranger


def test_event_has_address_and_request_id(identity: Identity) -> None:
    set_request_origin("203.0.113.9", "8d1f0c2b")
    signed_in(identity)
    newest = identity.audit.page().events[0]
    assert (newest.kind, newest.address, newest.request_id) == ("signed-in", "203.0.113.9", "8d1f0c2b")
    set_request_origin(None, None)


def test_events_are_read_in_pages_by_user_and_kind(identity: Identity) -> None:
    for name in ("ada", "bob", "eve"):
        made(identity, name)
    first = identity.audit.page(limit=2)
    rest = identity.audit.page(limit=2, cursor=first.next_cursor)
    assert [event.email for event in (*first.events, *rest.events)] == [
        f"{name}@example.org" for name in ("eve", "bob", "ada")
    ]
    assert rest.next_cursor is None
    assert identity.audit.page(kind="disabled").events == []


def test_events_expire(build: Build, clock: Clock, mongodb_url: str) -> None:
    signed_in(build(now=clock, audit_retention=timedelta(days=3)))
    with pymongo.MongoClient[dict[str, Any]](mongodb_url, tz_aware=True) as client:
        audit = client.get_default_database()["audit"]
        document, indexes = audit.find_one() or {}, audit.index_information()
    assert document["expires_at"] - document["at"] == timedelta(days=3)
    assert any(index.get("expireAfterSeconds") == 0 for index in indexes.values())


def test_failed_write_is_logged_and_blocks_nobody(
    identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in(identity)

    def away(*_: object) -> None:
        raise errors.ServiceUnavailable(service="MongoDB")

    monkeypatch.setattr(identity.audit, "_write", away)
    with capture_logs() as logs:
        assert identity.login(EMAIL, PASSWORD, HERE)
    assert [(log["log_level"], log["event"], log["kind"]) for log in logs] == [
        ("error", "security event not recorded", "signed-in")
    ]
