"""Single-use invitations and password reset links: created, listed, revoked, used.

A link is valid only while its maker is still an administrator and has not changed the password or signed
out everywhere since. So links made from a stolen session end with it. Only a SHA-256 digest of the link's
secret is stored.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

from bson import ObjectId

from gifapp import errors
from gifapp.domain.accounts import LinkKind
from gifapp.domain.views.accounts import LinkPage, LinkView, OpenLinkView
from gifapp.identity.accounts import Accounts
from gifapp.identity.audit import Audit
from gifapp.identity.documents import LinkDocument, UserDocument
from gifapp.identity.paging import newest_first
from gifapp.identity.tokens import digest, random_token
from gifapp.mongodb import reaching_mongodb

INVITE_LIFETIME = timedelta(days=7)
RESET_LIFETIME = timedelta(days=1)


class Links:
    """Reads and writes link documents; no other class does. `by` is the maker's id; None: the command line.

    Every method raises errors.ServiceUnavailable when MongoDB is down.
    """

    def __init__(self, accounts: Accounts, audit: Audit, now: Callable[[], datetime]) -> None:
        self._accounts = accounts
        self._audit = audit
        self._now = now

    def invite(self, *, by: str | None) -> LinkView:
        """Create an invitation link for one account, valid for a week.

        Raises:
            errors.AdministratorsOnly: the caller is no longer an administrator.
        """
        link = self._make("invitation", INVITE_LIFETIME, by=by)
        self._audit.record("invited", by=by, link=link.id)
        return link

    def reset(self, user_id: str, *, by: str | None) -> LinkView:
        """Create a password reset link, valid for a day unless the password changes.

        Raises:
            errors.NotFound
            errors.AdministratorsOnly: the caller is no longer an administrator.
        """
        user = self._accounts.by_id(ObjectId(user_id)) if ObjectId.is_valid(user_id) else None
        if user is None:
            raise errors.NotFound(kind="account")
        link = self._make("reset", RESET_LIFETIME, by=by, user_id=user_id, password_mark=_mark(user))
        self._audit.record("reset-link-made", user_id, by=by, link=link.id)
        return link

    @reaching_mongodb()
    def page(self, *, limit: int = 50, cursor: str | None = None) -> LinkPage:
        """A page of valid links, newest first; it may be shorter than `limit`, as invalid ones are left out.

        Raises:
            errors.FieldInvalid: the cursor is not one that a page returned.
        """
        unused = LinkDocument.objects(expires_at__gt=self._now())
        page, next_cursor = newest_first(unused, cursor=cursor, limit=limit)
        people = self._people(page)
        opening = [_view(link, people) for link in page if _is_open(link, people)]
        return LinkPage(links=opening, next_cursor=next_cursor)

    @reaching_mongodb()
    def revoke(self, link_id: str, *, by: str | None) -> None:
        """Revoke a link.

        Raises:
            errors.NotFound: the link does not exist, or was used.
        """
        if not ObjectId.is_valid(link_id):
            raise errors.NotFound(kind="link")
        revoked = LinkDocument.objects(id=ObjectId(link_id)).modify(remove=True)
        if revoked is None:
            raise errors.NotFound(kind="link")
        self._audit.record("link-revoked", revoked.user_id, by=by, link=link_id, what=revoked.kind)

    def invitation(self, token: str) -> LinkDocument:
        """Raises errors.InviteInvalid: unknown, used, revoked, expired, or its maker may no longer invite."""
        link = self._opening("invitation", token)
        if link is None:
            raise errors.InviteInvalid
        return link

    def to_reset(self, token: str) -> tuple[LinkDocument, UserDocument]:
        """The link, and the account whose password it resets.

        Raises:
            errors.ResetLinkInvalid: unknown, used, revoked, expired, or the account or its maker has
                changed.
        """
        link = self._opening("reset", token)
        user = link and self._accounts.by_id(ObjectId(link.user_id))
        if link is None or user is None:
            raise errors.ResetLinkInvalid
        return link, user

    @reaching_mongodb()
    def use(self, link: LinkDocument) -> None:
        """Use up the link; of concurrent uses or revocations, only one succeeds.

        Raises:
            errors.InviteInvalid, errors.ResetLinkInvalid: it was used or revoked, or is no longer valid.
        """
        used = LinkDocument.objects(id=link.id).modify(remove=True)
        # its maker may have been disabled since the first check
        if used is None or not _is_open(used, self._people([used])):
            raise errors.InviteInvalid if link.kind == "invitation" else errors.ResetLinkInvalid

    @reaching_mongodb()
    def remove_made_by(self, user_id: str) -> None:
        """Remove the links that an account made, so that a renewed role does not revive them."""
        LinkDocument.objects(maker_id=user_id).delete()

    @reaching_mongodb()
    def remove_of(self, user_id: str) -> None:
        """Remove the links made by an account or for it."""
        self.remove_made_by(user_id)
        LinkDocument.objects(user_id=user_id).delete()

    @reaching_mongodb()
    def _make(self, kind: LinkKind, lifetime: timedelta, *, by: str | None, **about: str) -> LinkView:
        maker = self._maker(by)
        token, now = random_token(), self._now()
        link = LinkDocument(
            kind=kind,
            digest=digest(token),
            maker_id=by,
            maker_version=maker and maker.token_version,
            created_at=now,
            expires_at=now + lifetime,
            **about,
        ).save(force_insert=True)
        word = "invite" if kind == "invitation" else "reset"
        return LinkView(id=str(link.id), token=token, path=f"/?{word}={token}", expires_at=link.expires_at)

    def _maker(self, by: str | None) -> UserDocument | None:
        maker = None if by is None else self._accounts.by_id(ObjectId(by))
        if by is not None and (maker is None or not _administers(maker)):
            raise errors.AdministratorsOnly
        return maker

    @reaching_mongodb()
    def _opening(self, kind: LinkKind, token: str) -> LinkDocument | None:
        link: LinkDocument | None = LinkDocument.objects(
            kind=kind, digest=digest(token), expires_at__gt=self._now()
        ).first()
        return link if link is not None and _is_open(link, self._people([link])) else None

    def _people(self, links: Collection[LinkDocument]) -> dict[str, UserDocument]:
        """The accounts that made the links, and those the links are for, by id."""
        ids = {user_id for link in links for user_id in (link.maker_id, link.user_id) if user_id}
        return self._accounts.by_ids(ids)


def _is_open(link: LinkDocument, people: Mapping[str, UserDocument]) -> bool:
    """Whether its maker may still make links, and its account has not changed."""
    if link.maker_id is not None:
        maker = people.get(link.maker_id)
        if maker is None or not _administers(maker) or maker.token_version != link.maker_version:
            return False
    if link.user_id is None:
        return True
    user = people.get(link.user_id)
    if user is None or user.disabled:
        return False
    return hmac.compare_digest(link.password_mark, _mark(user))


def _administers(user: UserDocument) -> bool:
    return bool(user.role == "administrator" and not user.disabled)


def _mark(user: UserDocument) -> str:
    """A digest that changes with the account's password."""
    return digest(user.password_hash.hex()).hex()[:32]


def _view(link: LinkDocument, people: Mapping[str, UserDocument]) -> OpenLinkView:
    maker, user = people.get(link.maker_id), people.get(link.user_id)
    return OpenLinkView(
        id=str(link.id),
        kind=link.kind,
        created_at=link.created_at,
        expires_at=link.expires_at,
        by_id=link.maker_id,
        by_email=maker and maker.email,
        user_id=link.user_id,
        email=user and user.email,
    )
