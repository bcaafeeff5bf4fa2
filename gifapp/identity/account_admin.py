"""Administrators' operations on accounts: list, change the role, disable, delete.

`by` is the id of the administrator; None: the operator, on the command line.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from bson import ObjectId

from gifapp import errors
from gifapp.domain.accounts import Role
from gifapp.domain.views.accounts import AccountPage, AccountView
from gifapp.identity.accounts import Accounts, account_view
from gifapp.identity.api_tokens import ApiTokens
from gifapp.identity.audit import Audit
from gifapp.identity.documents import UserDocument
from gifapp.identity.emails import normalised
from gifapp.identity.links import Links
from gifapp.identity.sessions import Sessions


class AccountAdmin:
    """Every method raises errors.ServiceUnavailable when MongoDB is down."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        sessions: Sessions,
        api_tokens: ApiTokens,
        links: Links,
        audit: Audit,
        now: Callable[[], datetime],
    ) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._api_tokens = api_tokens
        self._links = links
        self._audit = audit
        self._now = now

    def page(self, *, limit: int = 50, cursor: str | None = None) -> AccountPage:
        """A page of accounts, newest first.

        Raises:
            errors.FieldInvalid: the cursor is not one that a page returned.
        """
        page, next_cursor = self._accounts.page(cursor=cursor, limit=limit)
        return AccountPage(users=[account_view(user) for user in page], next_cursor=next_cursor)

    def everybody(self) -> list[AccountView]:
        """All accounts, oldest first."""
        return [account_view(user) for user in self._accounts.all()]

    def count(self, *, seen_within: timedelta | None = None) -> int:
        """The number of accounts, or of those with a session started or renewed within this time."""
        return self._accounts.count(seen_since=None if seen_within is None else self._now() - seen_within)

    def find(self, user_id: str) -> AccountView:
        """Raises errors.NotFound."""
        return account_view(self._account(user_id))

    def id_of(self, email: str) -> str:
        """Raises errors.NotFound, errors.FieldInvalid."""
        user = self._accounts.by_email(normalised(email))
        if user is None:
            raise errors.NotFound(kind="account")
        return str(user.id)

    def change(
        self, user_id: str, *, role: Role | None = None, disabled: bool | None = None, by: str | None
    ) -> AccountView:
        """Change an account's role, or disable it, which signs it out and revokes its API tokens.

        A new role revokes the links that it made and its tokens with the scope `admin`.

        Raises:
            errors.NotFound
            errors.LastAdministrator: no enabled administrator would be left.
        """
        before = self._changed(self._account(user_id), role, disabled)
        if role is not None and role != before.role:
            self._audit.record("role-changed", user_id, by=by, role=role)
            self._links.remove_made_by(user_id)
            self._api_tokens.revoke_all(user_id, by=by, scope="admin")
        if disabled is not None and disabled != before.disabled:
            self._audit.record("disabled" if disabled else "enabled", user_id, by=by)
        if disabled:
            self._end_all(before, by)
        return self.find(user_id)

    def delete(self, user_id: str, *, forget: Callable[[str], object], by: str | None) -> None:
        """Delete an account; `forget` is called with the id to remove everything that its owner stores.

        The account is disabled first, so nobody can sign in from then on. If interrupted, call it again.

        Raises:
            errors.NotFound, errors.LastAdministrator
        """
        user = self._account(user_id)
        self._changed(user, None, True)
        self._end_all(user, by)
        forget(user_id)
        self._links.remove_of(user_id)
        self._accounts.remove(user.id)
        self._audit.record("deleted", user_id, by=by)

    def _changed(self, user: UserDocument, role: Role | None, disabled: bool | None) -> UserDocument:
        """Change the account, and return it as it was; undone if no administrator would be left."""
        before = self._accounts.change(user.id, role=role, disabled=disabled)
        if before is None:
            raise errors.NotFound(kind="account")
        # checked afterwards, or two administrators could demote each other at the same time
        if _administers(before) and not self._accounts.any_administers():
            self._accounts.change(user.id, role=before.role, disabled=before.disabled)
            raise errors.LastAdministrator
        return before

    def _end_all(self, user: UserDocument, by: str | None) -> None:
        self._accounts.revoke_access(user.id)
        self._sessions.end_all(user.id)
        self._api_tokens.revoke_all(user.id, by=by)

    def _account(self, user_id: str) -> UserDocument:
        user = self._accounts.by_id(ObjectId(user_id)) if ObjectId.is_valid(user_id) else None
        if user is None:
            raise errors.NotFound(kind="account")
        return user


def _administers(user: UserDocument) -> bool:
    return bool(user.role == "administrator" and not user.disabled)
