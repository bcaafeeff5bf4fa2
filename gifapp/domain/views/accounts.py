"""JSON shapes of accounts: API tokens, links, people, security events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from gifapp.domain.accounts import AuditKind, LinkKind, Scope
from gifapp.domain.views.jobs import UserView, View


class ApiTokenView(View):
    """An API token without its secret; `hint` is how it begins. `expires_at` None: never."""

    id: str
    name: str
    hint: str
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None


class MadeTokenView(ApiTokenView):
    """An API token at the only time that it is shown."""

    token: str


class ApiTokensView(View):
    tokens: list[ApiTokenView]


class RevokedView(View):
    """How many API tokens were."""

    revoked: int


class LinkView(View):
    """A link that is good once, as what follows the service's address, at the only time that it is shown."""

    id: str
    token: str
    path: str
    expires_at: datetime


class OpenLinkView(View):
    """A link that nobody has used yet, without its secret.

    `by_id` is who made it; None: the command line. `user_id` is who gets a new password; None: an
    invitation is for whoever has it.
    """

    id: str
    kind: LinkKind
    created_at: datetime
    expires_at: datetime
    by_id: str | None = None
    by_email: str | None = None
    user_id: str | None = None
    email: str | None = None


class LinkPage(View):
    """Some open links, newest first, and where the next ones begin; None: these were the last."""

    links: list[OpenLinkView]
    next_cursor: str | None


class AccountView(UserView):
    """An account as administrators see it; `last_seen_at` is when its page last renewed a session."""

    disabled: bool
    created_at: datetime
    last_seen_at: datetime | None = None
    stored_bytes: int | None = None


class AuditView(View):
    """Something that happened to an account, `by` somebody else or its owner.

    The addresses are None once the accounts are gone, and where the command line did it. `stranger` is a
    digest of the address that somebody without an account gave.
    """

    id: str
    kind: AuditKind
    at: datetime
    user_id: str | None = None
    email: str | None = None
    by_id: str | None = None
    by_email: str | None = None
    stranger: str | None = None
    address: str | None = None
    request_id: str | None = None
    facts: Mapping[str, str] = {}


class AccountPage(View):
    """Some accounts, newest first, and where the next ones begin; None: these were the last."""

    users: list[AccountView]
    next_cursor: str | None


class AuditPage(View):
    """Some security events, newest first, and where the next ones begin; None: these were the last."""

    events: list[AuditView]
    next_cursor: str | None
