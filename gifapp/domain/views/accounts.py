"""JSON shapes of accounts, API tokens, links and security events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from gifapp.domain.accounts import AuditKind, LinkKind, Scope
from gifapp.domain.views.jobs import UserView, View


class ApiTokenView(View):
    """An API token without its secret; `hint` is its beginning. It never expires if `expires_at` is None."""

    id: str
    name: str
    hint: str
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None


class MadeTokenView(ApiTokenView):
    """A new API token with its secret, which is shown only once."""

    token: str


class ApiTokensView(View):
    tokens: list[ApiTokenView]


class RevokedView(View):
    """How many API tokens were revoked."""

    revoked: int


class LinkView(View):
    """A new single-use link with its token, shown only once; `path` follows the service's address.

    `url` is the whole link, `qr` a QR code of it: an SVG as a data URL.
    """

    id: str
    token: str
    path: str
    expires_at: datetime
    url: str = ""
    qr: str = ""


class OpenLinkView(View):
    """An unused link, without its secret.

    `by_id` is the account that made it; None if the command line did. `user_id` is the account whose password
    it resets; None for an invitation, which anyone with the link can use.
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
    """A page of unused links, newest first, and the cursor of the next page; None on the last page."""

    links: list[OpenLinkView]
    next_cursor: str | None


class AccountView(UserView):
    """An account as administrators see it; `last_seen_at` is its last session renewal.

    `quota_bytes` is a quota of its own; None: everybody's.
    """

    disabled: bool
    created_at: datetime
    last_seen_at: datetime | None = None
    stored_bytes: int | None = None
    quota_bytes: int | None = None


class AuditView(View):
    """A security event of an account, caused by its owner or somebody else (`by_id`).

    Email addresses are None once the accounts are deleted, or if the command line did it. `stranger` is a
    digest of the email address that somebody without an account entered.
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
    """A page of accounts, newest first, and the cursor of the next page; None on the last page."""

    users: list[AccountView]
    next_cursor: str | None


class AuditPage(View):
    """A page of security events, newest first, and the cursor of the next page; None on the last page."""

    events: list[AuditView]
    next_cursor: str | None
