"""API tokens for scripts: scoped and revocable.

A token is `gifapp_` and 43 random characters, so that those who look for leaked secrets know it. They
are random enough for a plain SHA-256 digest to be all that is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from bson import ObjectId
from mongoengine import Q

from gifapp import errors
from gifapp.domain.accounts import Scope
from gifapp.domain.views.accounts import ApiTokenView, MadeTokenView
from gifapp.identity.accounts import Accounts
from gifapp.identity.audit import Audit
from gifapp.identity.callers import Caller
from gifapp.identity.documents import ApiTokenDocument
from gifapp.identity.tokens import digest, random_token
from gifapp.mongodb import reaching_mongodb

PREFIX = "gifapp_"
MOST = 50  # of one person

_HINT_LENGTH = len(PREFIX) + 4
_NOTED_EVERY = timedelta(minutes=1)


class ApiTokens:
    """Every method raises errors.ServiceUnavailable when MongoDB is away."""

    def __init__(self, accounts: Accounts, audit: Audit, now: Callable[[], datetime]) -> None:
        self._accounts = accounts
        self._audit = audit
        self._now = now

    @reaching_mongodb()
    def make(
        self, caller: Caller, name: str, scopes: Collection[Scope], expires_at: datetime | None = None
    ) -> MadeTokenView:
        """A new token of the caller's; nobody can show it again.

        Raises:
            errors.AdministratorsOnly: the scope `admin` is not for everybody.
            errors.FieldInvalid: it would have expired already.
            errors.TooManyTokens
            errors.TokenInvalid: the account was disabled meanwhile.
        """
        if "admin" in scopes and caller.role != "administrator":
            raise errors.AdministratorsOnly
        if expires_at is not None and expires_at <= self._now():
            raise errors.FieldInvalid(field="expires_at", problem="it must be in the future")
        if ApiTokenDocument.objects(user_id=ObjectId(caller.user_id)).count() >= MOST:
            raise errors.TooManyTokens(limit=MOST)
        token = PREFIX + random_token()
        kept = self._keep(caller, name, scopes, expires_at, token)
        self._audit.record(
            "token-made", caller.user_id, by=caller.user_id, name=name, scopes=" ".join(kept.scopes)
        )
        return MadeTokenView(**_view(kept).model_dump(), token=token)

    def _keep(
        self,
        caller: Caller,
        name: str,
        scopes: Collection[Scope],
        expires_at: datetime | None,
        token: str,
    ) -> ApiTokenDocument:
        kept: ApiTokenDocument = ApiTokenDocument(
            user_id=ObjectId(caller.user_id),
            name=name,
            digest=digest(token),
            hint=token[:_HINT_LENGTH],
            scopes=sorted(set(scopes)),
            created_at=self._now(),
            expires_at=expires_at,
        ).save(force_insert=True)
        user = self._accounts.by_id(kept.user_id)
        if user is None or user.disabled:  # whoever ended all tokens meanwhile has not seen this one
            kept.delete()
            raise errors.TokenInvalid
        kept.reload()  # its times as MongoDB keeps them
        return kept

    @reaching_mongodb()
    def all_of(self, user_id: str) -> list[ApiTokenView]:
        """Newest first."""
        return [_view(one) for one in ApiTokenDocument.objects(user_id=ObjectId(user_id)).order_by("-id")]

    @reaching_mongodb()
    def revoke(self, caller: Caller, token_id: str) -> None:
        """Whoever uses it is out at once.

        Raises:
            errors.NotFound
        """
        if not ObjectId.is_valid(token_id):
            raise errors.NotFound(kind="API token")
        found = ApiTokenDocument.objects(id=ObjectId(token_id), user_id=ObjectId(caller.user_id))
        revoked = found.modify(remove=True)
        if revoked is None:
            raise errors.NotFound(kind="API token")
        self._audit.record("token-revoked", caller.user_id, by=caller.user_id, name=revoked.name)

    @reaching_mongodb()
    def revoke_all(self, user_id: object, *, by: str | None) -> int:
        """How many there were."""
        revoked = int(ApiTokenDocument.objects(user_id=ObjectId(str(user_id))).delete())
        if revoked:
            self._audit.record("token-revoked", user_id, by=by, count=str(revoked))
        return revoked

    @reaching_mongodb()
    def recognise(self, token: str) -> ApiTokenDocument:
        """The token, as long as it is good.

        Raises:
            errors.TokenInvalid, errors.TokenExpired
        """
        found: ApiTokenDocument | None = ApiTokenDocument.objects(digest=digest(token)).first()
        if found is None:
            raise errors.TokenInvalid
        if found.expires_at is not None and found.expires_at <= self._now():
            raise errors.TokenExpired
        return found

    @reaching_mongodb()
    def note_use(self, token: ApiTokenDocument) -> None:
        """Remember when it was used, to the minute; the first time is a security event."""
        now = self._now()
        if token.last_used_at is not None and token.last_used_at > now - _NOTED_EVERY:
            return
        seldom = Q(last_used_at__exists=False) | Q(last_used_at__lte=now - _NOTED_EVERY)
        before = ApiTokenDocument.objects(seldom, id=token.id).modify(set__last_used_at=now)
        if before is not None and before.last_used_at is None:
            self._audit.record("token-used", token.user_id, by=str(token.user_id), name=token.name)


def _view(token: ApiTokenDocument) -> ApiTokenView:
    return ApiTokenView(
        id=str(token.id),
        name=token.name,
        hint=token.hint,
        scopes=list(token.scopes),
        created_at=token.created_at,
        expires_at=token.expires_at,
        last_used_at=token.last_used_at,
    )
