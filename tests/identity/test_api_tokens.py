"""API tokens: what they permit, what they never permit, and what ends them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pymongo
import pytest
from bson import ObjectId

from gifapp import errors
from gifapp.identity import api_tokens
from gifapp.identity.accounts import Accounts
from gifapp.identity.api_tokens import ApiTokens
from gifapp.identity.documents import ApiTokenDocument, UserDocument
from gifapp.identity.service import Caller, Identity
from tests.identity.conftest import Build, Clock
from tests.identity.test_sessions import EMAIL, HERE, PASSWORD, signed_in


def somebody(identity: Identity) -> Caller:
    return identity.authenticate(signed_in(identity).access_token)


def test_api_token_identifies_its_owner(identity: Identity) -> None:
    caller = somebody(identity)
    made = identity.api_tokens.make(caller, "backup", ["read"])
    script = identity.authenticate(made.token)
    assert (script.user_id, script.email, script.scopes) == (caller.user_id, EMAIL, frozenset({"read"}))
    assert made.token.startswith("gifapp_")
    assert identity.access_token_for(caller)
    with pytest.raises(errors.TokenInvalid):
        identity.access_token_for(script)


def test_token_is_shown_once_and_stored_as_a_digest(identity: Identity, mongodb_url: str) -> None:
    caller = somebody(identity)
    made = identity.api_tokens.make(caller, "backup", ["read", "write"])
    [listed] = identity.api_tokens.all_of(caller.user_id)
    assert listed.model_dump() == made.model_dump(exclude={"token"})
    assert made.token.startswith(listed.hint)
    with pymongo.MongoClient[dict[str, Any]](mongodb_url) as client:
        assert made.token not in str(client.get_default_database()["api_tokens"].find_one())


def test_scopes_limit_a_token(identity: Identity) -> None:
    script = identity.authenticate(identity.api_tokens.make(somebody(identity), "r", ["read"]).token)
    script.check("read")
    with pytest.raises(errors.ScopeMissing, match="'write'"):
        script.check("write")
    with pytest.raises(errors.SessionNeeded):
        script.check("session")


def test_signed_in_user_has_every_permission(identity: Identity) -> None:
    for need in ("read", "write", "admin", "session"):
        somebody(identity).check(need)


def test_admin_scope_is_for_administrators(identity: Identity) -> None:
    with pytest.raises(errors.AdministratorsOnly):
        identity.api_tokens.make(somebody(identity), "root", ["admin"])


def test_revoked_token_is_rejected_at_once(identity: Identity) -> None:
    caller = somebody(identity)
    first, second = (identity.api_tokens.make(caller, name, ["read"]) for name in ("one", "other"))
    identity.api_tokens.revoke(caller, first.id)
    with pytest.raises(errors.TokenInvalid):
        identity.authenticate(first.token)
    assert identity.authenticate(second.token)
    assert identity.api_tokens.revoke_all(caller.user_id, by=None) == 1
    with pytest.raises(errors.TokenInvalid):
        identity.authenticate(second.token)


def test_tokens_of_other_users_are_invisible(identity: Identity) -> None:
    made = identity.api_tokens.make(somebody(identity), "ada's", ["read"])
    identity.create_user("eve@example.org", PASSWORD, "user")
    eve = identity.authenticate(identity.login("eve@example.org", PASSWORD, HERE).access_token)
    for token_id in (made.id, "nothing", "", "0" * 24):
        with pytest.raises(errors.NotFound):
            identity.api_tokens.revoke(eve, token_id)
    assert identity.api_tokens.all_of(eve.user_id) == []
    assert identity.api_tokens.revoke_all(eve.user_id, by=None) == 0
    assert identity.authenticate(made.token)


def test_token_expires(build: Build, clock: Clock, mongodb_url: str) -> None:
    identity = build(now=clock)
    clock.to_real_time()
    caller = somebody(identity)
    made = identity.api_tokens.make(caller, "short", ["read"], clock.now + timedelta(hours=1))
    assert identity.authenticate(made.token).expires_at == made.expires_at
    with pytest.raises(errors.FieldInvalid, match="future"):
        identity.api_tokens.make(caller, "past", ["read"], clock.now)
    clock.forward(hours=1)
    with pytest.raises(errors.TokenExpired):
        identity.authenticate(made.token)
    with pymongo.MongoClient[dict[str, Any]](mongodb_url) as client:
        indexes = client.get_default_database()["api_tokens"].index_information()
    assert any("expireAfterSeconds" in index for index in indexes.values())


def test_last_use_is_recorded_once_a_minute(build: Build, clock: Clock) -> None:
    identity = build(now=clock)
    clock.to_real_time()
    caller = somebody(identity)
    token = identity.api_tokens.make(caller, "backup", ["read"]).token

    def last_used() -> datetime | None:
        return identity.api_tokens.all_of(caller.user_id)[0].last_used_at

    assert last_used() is None
    identity.authenticate(token)
    first = last_used()
    clock.forward(seconds=30)
    identity.authenticate(token)
    assert last_used() == first
    clock.forward(seconds=31)
    identity.authenticate(token)
    assert (last_used() or datetime.min.replace(tzinfo=UTC)) > (first or clock.now)


def test_number_of_tokens_is_limited(identity: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_tokens, "MAX_TOKENS", 2)
    caller = somebody(identity)
    for name in ("one", "two"):
        identity.api_tokens.make(caller, name, ["read"])
    with pytest.raises(errors.TooManyTokens, match="2 API tokens"):
        identity.api_tokens.make(caller, "three", ["read"])


def test_admin_scope_ends_with_the_role(identity: Identity) -> None:
    caller = somebody(identity)
    identity.create_user("root@example.org", PASSWORD, "administrator")
    identity.people.change(caller.user_id, role="administrator", by=None)
    admin = identity.api_tokens.make(caller, "a", ["admin"]).token
    reader = identity.api_tokens.make(caller, "r", ["read"]).token
    identity.people.change(caller.user_id, role="user", by=None)
    identity.people.change(caller.user_id, role="administrator", by=None)
    with pytest.raises(errors.TokenInvalid):
        identity.authenticate(admin)
    assert identity.authenticate(reader).scopes == frozenset({"read"})


def test_admin_token_of_an_administrator_demoted_meanwhile_is_not_kept(identity: Identity) -> None:
    caller = replace(somebody(identity), role="administrator")  # until now
    with pytest.raises(errors.AdministratorsOnly):
        identity.api_tokens.make(caller, "root", ["admin"])
    assert identity.api_tokens.all_of(caller.user_id) == []


class CreatesMeanwhile(Accounts):
    """Whenever an account is read, another of its API tokens is created."""

    def by_id(self, user_id: ObjectId) -> UserDocument | None:
        facts = {"name": "other", "hint": "gifapp_", "created_at": datetime.now(UTC)}
        ApiTokenDocument(user_id=user_id, digest=ObjectId().binary, **facts).save()
        return super().by_id(user_id)


def test_concurrent_creations_keep_to_the_limit(
    identity: Identity, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_tokens, "MAX_TOKENS", 1)
    caller = somebody(identity)
    creating = ApiTokens(CreatesMeanwhile(), identity.audit, clock)
    with pytest.raises(errors.TooManyTokens):
        creating.make(caller, "backup", ["read"])
    assert [token.name for token in identity.api_tokens.all_of(caller.user_id)] == ["other"]


class RevokesMeanwhile(Accounts):
    """Whoever asks for an account, all its API tokens are revoked."""

    def by_id(self, user_id: ObjectId) -> UserDocument | None:
        ApiTokenDocument.objects(user_id=user_id).delete()
        return super().by_id(user_id)


def test_token_revoked_during_its_creation_is_rejected(identity: Identity) -> None:
    caller, now = somebody(identity), lambda: datetime.now(UTC)
    tokens = ApiTokens(RevokesMeanwhile(), identity.audit, now)
    made = tokens.make(caller, "backup", ["read"])
    with pytest.raises(errors.TokenInvalid):
        identity.authenticate(made.token)


class DisabledMeanwhile(Accounts):
    """Whoever asks for an account, it has just been disabled, and its API tokens revoked."""

    def by_id(self, user_id: ObjectId) -> UserDocument | None:
        UserDocument.objects(id=user_id).update(set__disabled=True)
        return super().by_id(user_id)


def test_token_made_while_its_account_is_disabled_is_not_kept(identity: Identity) -> None:
    caller, now = somebody(identity), lambda: datetime.now(UTC)
    with pytest.raises(errors.TokenInvalid):
        ApiTokens(DisabledMeanwhile(), identity.audit, now).make(caller, "backup", ["read"])
    assert ApiTokenDocument.objects.count() == 0


def test_tokens_outlive_sessions_and_passwords_but_not_the_account(identity: Identity) -> None:
    caller = somebody(identity)
    token = identity.api_tokens.make(caller, "backup", ["read"]).token
    identity.change_password(caller, PASSWORD, "battery staple", HERE)
    identity.logout_everywhere(caller)
    assert identity.authenticate(token)
    identity.people.change(caller.user_id, disabled=True, by=None)
    with pytest.raises(errors.TokenInvalid):
        identity.authenticate(token)
    identity.people.change(caller.user_id, disabled=False, by=None)
    with pytest.raises(errors.TokenInvalid):
        identity.authenticate(token)


@pytest.mark.parametrize("token", ["gifapp_", "gifapp_x", "gifapp_\N{SNOWMAN}", "gifapp_" + "A" * 5000])
def test_made_up_token_is_rejected(identity: Identity, token: str) -> None:
    with pytest.raises(errors.TokenInvalid):
        identity.authenticate(token)
