"""MongoEngine documents for accounts, sessions, tokens and links, and their connection; no behaviour."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

import mongoengine
from mongoengine.fields import (
    BinaryField,
    BooleanField,
    DateTimeField,
    DictField,
    IntField,
    ListField,
    ObjectIdField,
    StringField,
)

from gifapp.mongodb import bind

ALIAS = "identity"


class UserDocument(mongoengine.Document):  # type: ignore[misc]
    """An account.

    `founder` is set only on the account created with the setup token. It is unique, so of two concurrent
    registrations with that token, one is rejected.
    """

    email = StringField(required=True, unique=True)  # normalised
    password_hash = BinaryField(required=True)
    role = StringField(required=True, choices=("user", "administrator"))
    token_version = IntField(default=0)  # incremented to revoke all access tokens
    disabled = BooleanField(default=False)
    founder = BooleanField(unique=True, sparse=True)
    created_at = DateTimeField(required=True, default=lambda: datetime.now(UTC))
    last_seen_at = DateTimeField()  # when a session last began or was renewed

    meta: ClassVar[dict[str, Any]] = {"db_alias": ALIAS, "strict": False, "collection": "users"}


class LinkDocument(mongoengine.Document):  # type: ignore[misc]
    """An unused invitation or password reset link, with a digest of its secret.

    MongoDB removes the document once it has expired.
    """

    kind = StringField(required=True, choices=("invitation", "reset"))
    digest = BinaryField(required=True, unique=True)
    maker_id = StringField()  # absent: the command line
    maker_version = IntField()  # the maker's token_version at that time
    user_id = StringField()  # whose password it resets
    password_mark = StringField()  # a digest of their password hash at that time
    created_at = DateTimeField(required=True)
    expires_at = DateTimeField(required=True)

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": ALIAS,
        "strict": False,
        "collection": "links",
        "indexes": ["maker_id", "user_id", {"fields": ["expires_at"], "expireAfterSeconds": 0}],
    }


class SessionDocument(mongoengine.Document):  # type: ignore[misc]
    """A session: a family of refresh tokens, each of which replaced the previous one.

    Only SHA-256 digests of the tokens are stored. MongoDB removes the document once it has expired.
    """

    id = StringField(primary_key=True)
    user_id = ObjectIdField(required=True)
    current_digest = BinaryField(required=True)
    previous_digest = BinaryField()
    rotated_at = DateTimeField(required=True)
    expires_at = DateTimeField(required=True)

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": ALIAS,
        "strict": False,
        "collection": "sessions",
        "indexes": ["user_id", {"fields": ["expires_at"], "expireAfterSeconds": 0}],
    }


class ApiTokenDocument(mongoengine.Document):  # type: ignore[misc]
    """An API token: its SHA-256 digest and `hint`, its first characters.

    MongoDB removes the document once it has expired.
    """

    user_id = ObjectIdField(required=True)
    name = StringField(required=True)
    digest = BinaryField(required=True, unique=True)
    hint = StringField(required=True)
    scopes = ListField(StringField(choices=("read", "write", "admin")))
    created_at = DateTimeField(required=True)
    expires_at = DateTimeField()
    last_used_at = DateTimeField()

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": ALIAS,
        "strict": False,
        "collection": "api_tokens",
        "indexes": ["user_id", {"fields": ["expires_at"], "expireAfterSeconds": 0}],
    }


class AuditDocument(mongoengine.Document):  # type: ignore[misc]
    """A security event; MongoDB removes it at `expires_at`."""

    kind = StringField(required=True)
    at = DateTimeField(required=True)
    user_id = StringField()  # whose account
    by_id = StringField()  # who did it
    stranger = StringField()  # a keyed hash of an email address without an account
    address = StringField()
    request_id = StringField()
    facts = DictField()
    expires_at = DateTimeField(required=True)

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": ALIAS,
        "strict": False,
        "collection": "audit",
        "indexes": [("user_id", "-id"), ("kind", "-id"), {"fields": ["expires_at"], "expireAfterSeconds": 0}],
    }


def connect(mongodb_url: str) -> None:
    """Bind this process's documents to the database in the URL."""
    disconnect()
    bind(ALIAS, mongodb_url)


def disconnect() -> None:
    """Close this process's connections."""
    mongoengine.disconnect(ALIAS)
