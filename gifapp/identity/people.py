"""What administrators do to accounts: look, change a role, disable, delete, give a link for a new password.

`by` is the id of who does it; None: whoever runs the service, on the command line.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

from bson import ObjectId

from gifapp import errors
from gifapp.domain.account_views import AccountPage, AccountView, LinkView
from gifapp.domain.views import Role
from gifapp.identity import tokens
from gifapp.identity.accounts import Accounts, account_view
from gifapp.identity.api_tokens import ApiTokens
from gifapp.identity.audit import Audit, place_of
from gifapp.identity.documents import UserDocument
from gifapp.identity.emails import normalised
from gifapp.identity.sessions import Sessions
from gifapp.identity.tokens import TokenSigner, digest


class People:
    """Every method raises errors.ServiceUnavailable when MongoDB is away."""

    def __init__(
        self,
        secret: bytes,
        *,
        accounts: Accounts,
        sessions: Sessions,
        api_tokens: ApiTokens,
        audit: Audit,
        now: Callable[[], datetime],
    ) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._api_tokens = api_tokens
        self._audit = audit
        self._now = now
        self._invites = TokenSigner(secret, "invite", tokens.INVITE_LIFETIME, now)
        self._resets = TokenSigner(secret, "reset", tokens.RESET_LIFETIME, now)

    def page(self, *, limit: int = 50, cursor: str | None = None) -> AccountPage:
        """Newest first.

        Raises:
            errors.FieldInvalid: the cursor is none that a page gave.
        """
        found = self._accounts.page(before=place_of(cursor), limit=limit + 1)
        page = found[:limit]
        next_cursor = str(page[-1].id) if len(found) > limit else None
        return AccountPage(users=[account_view(one) for one in page], next_cursor=next_cursor)

    def everybody(self) -> list[AccountView]:
        """Oldest first."""
        return [account_view(one) for one in self._accounts.all()]

    def count(self, *, seen_within: timedelta | None = None) -> int:
        """All accounts, or those whose session began or was renewed so lately."""
        return self._accounts.count(seen_since=None if seen_within is None else self._now() - seen_within)

    def find(self, user_id: str) -> AccountView:
        """Raises errors.NotFound."""
        return account_view(self._found(user_id))

    def id_of(self, email: str) -> str:
        """Raises errors.NotFound, errors.FieldInvalid."""
        found = self._accounts.by_email(normalised(email))
        if found is None:
            raise errors.NotFound(kind="account")
        return str(found.id)

    def change(
        self, user_id: str, *, role: Role | None = None, disabled: bool | None = None, by: str | None
    ) -> AccountView:
        """Give an account another role, or disable it: then it is signed out and its API tokens are gone.

        Raises:
            errors.NotFound
            errors.LastAdministrator: nobody would be left who may do this.
        """
        before = self._changed(self._found(user_id), role, disabled)
        if role is not None and role != before.role:
            self._audit.record("role-changed", user_id, by=by, role=role)
        if disabled is not None and disabled != before.disabled:
            self._audit.record("disabled" if disabled else "enabled", user_id, by=by)
        if disabled:
            self._end_all(before, by)
        return self.find(user_id)

    def delete(self, user_id: str, *, forget: Callable[[str], object], by: str | None) -> None:
        """Delete an account; `forget` removes what its owner (the id it is given) has stored.

        Nobody gets in from the first step on. One that was broken off is finished by doing it again.

        Raises:
            errors.NotFound, errors.LastAdministrator
        """
        found = self._found(user_id)
        self._changed(found, None, True)
        self._end_all(found, by)
        forget(user_id)
        self._accounts.remove(found, invites_until=self._now() + tokens.INVITE_LIFETIME)
        self._audit.record("deleted", user_id, by=by)

    def invite(self, *, by: str | None) -> LinkView:
        """A link that makes one account within a week."""
        token, expires_at = self._invites.sign(jti=uuid4().hex)
        self._audit.record("invited", by=by)
        return LinkView(token=token, path=f"/?invite={token}", expires_at=expires_at)

    def invite_id(self, token: str) -> str:
        """Raises errors.InviteInvalid: forged or expired, or its account was deleted."""
        try:
            invite_id = str(self._invites.read(token)["jti"])
        except errors.TokenInvalid:
            raise errors.InviteInvalid from None
        if self._accounts.is_spent(invite_id):
            raise errors.InviteInvalid
        return invite_id

    def reset_link(self, user_id: str, *, by: str | None) -> LinkView:
        """A link that gives the account a new password within a day, as long as it has this one.

        Raises:
            errors.NotFound
        """
        user = self._found(user_id)
        token, expires_at = self._resets.sign(sub=user_id, of=_mark(user))
        self._audit.record("reset-link-made", user_id, by=by)
        return LinkView(token=token, path=f"/?reset={token}", expires_at=expires_at)

    def to_reset(self, token: str) -> UserDocument:
        """Whose link this is.

        Raises:
            errors.ResetLinkInvalid: forged, used or expired, or the account is gone or disabled.
        """
        try:
            claims = self._resets.read(token)
            user = self._found(str(claims.get("sub")))
        except (errors.TokenInvalid, errors.NotFound):
            raise errors.ResetLinkInvalid from None
        if user.disabled or not hmac.compare_digest(str(claims.get("of")).encode(), _mark(user).encode()):
            raise errors.ResetLinkInvalid
        return user

    def _changed(self, found: UserDocument, role: Role | None, disabled: bool | None) -> UserDocument:
        """The account before the change, which is taken back if it leaves no administrator."""
        before = self._accounts.change(found.id, role=role, disabled=disabled)
        if before is None:
            raise errors.NotFound(kind="account")
        # looked at afterwards: of two administrators who demote each other, neither may get through
        if _administers(before) and not self._accounts.any_administers():
            self._accounts.change(found.id, role=before.role, disabled=before.disabled)
            raise errors.LastAdministrator
        return before

    def _end_all(self, user: UserDocument, by: str | None) -> None:
        self._accounts.revoke_access(user.id)
        self._sessions.end_all(user.id)
        self._api_tokens.revoke_all(user.id, by=by)

    def _found(self, user_id: str) -> UserDocument:
        found = self._accounts.by_id(ObjectId(user_id)) if ObjectId.is_valid(user_id) else None
        if found is None:
            raise errors.NotFound(kind="account")
        return found


def _administers(user: UserDocument) -> bool:
    return bool(user.role == "administrator" and not user.disabled)


def _mark(user: UserDocument) -> str:
    """Another one for every password."""
    return digest(user.password_hash.hex()).hex()[:32]
