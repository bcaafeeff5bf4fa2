"""API tokens for scripts: scoped and revocable.

A token is `gifapp_` and 43 random characters; the prefix lets secret scanners recognise it. Only a plain
SHA-256 digest is stored, which suffices because the token is random.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta

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
from gifapp.mongodb import in_milliseconds, reaching_mongodb

PREFIX = "gifapp_"
MAX_TOKENS = 50  # per user

_HINT_LENGTH = len(PREFIX) + 4
_NOTED_EVERY = timedelta(minutes=1)


class ApiTokens:
    """Every method raises errors.ServiceUnavailable when MongoDB is down."""

    def __init__(self, accounts: Accounts, audit: Audit, now: Callable[[], datetime]) -> None:
        self._accounts = accounts
        self._audit = audit
        self._now = now

    @reaching_mongodb()
    def make(
        self, caller: Caller, name: str, scopes: Collection[Scope], expires_at: datetime | None = None
    ) -> MadeTokenView:
        """Create a token for the caller; it cannot be shown again.

        Raises:
            errors.AdministratorsOnly: only administrators may use the scope `admin`.
            errors.FieldInvalid: the expiry is in the past.
            errors.TooManyTokens
            errors.TokenInvalid: the account was disabled meanwhile.
        """
        if expires_at is not None and expires_at <= self._now():
            raise errors.FieldInvalid(field="expires_at", problem="must be in the future")
        token = PREFIX + random_token()
        document = self._keep(caller, name, scopes, expires_at, token)
        self._audit.record(
            "token-made", caller.user_id, by=caller.user_id, name=name, scopes=" ".join(document.scopes)
        )
        return MadeTokenView(**_view(document).model_dump(), token=token)

    def _keep(
        self,
        caller: Caller,
        name: str,
        scopes: Collection[Scope],
        expires_at: datetime | None,
        token: str,
    ) -> ApiTokenDocument:
        document: ApiTokenDocument = ApiTokenDocument(
            user_id=ObjectId(caller.user_id),
            name=name,
            digest=digest(token),
            hint=token[:_HINT_LENGTH],
            scopes=sorted(set(scopes)),
            created_at=in_milliseconds(self._now()),
            expires_at=expires_at and in_milliseconds(expires_at.astimezone(UTC)),
        ).save(force_insert=True)
        try:
            self._check_may_keep(document)
        except errors.GifappError:
            document.delete()
            raise
        return document

    def _check_may_keep(self, token: ApiTokenDocument) -> None:
        """Check a new token after it is stored, so that no concurrent call can miss it."""
        user = self._accounts.by_id(token.user_id)
        if user is None or user.disabled:  # a concurrent `revoke_all` may have missed this token
            raise errors.TokenInvalid
        if "admin" in token.scopes and user.role != "administrator":
            raise errors.AdministratorsOnly
        if ApiTokenDocument.objects(user_id=token.user_id).count() > MAX_TOKENS:
            raise errors.TooManyTokens(limit=MAX_TOKENS)

    @reaching_mongodb()
    def all_of(self, user_id: str) -> list[ApiTokenView]:
        """The account's tokens, newest first."""
        return [_view(token) for token in ApiTokenDocument.objects(user_id=ObjectId(user_id)).order_by("-id")]

    @reaching_mongodb()
    def revoke(self, caller: Caller, token_id: str) -> None:
        """Revoke one of the caller's tokens, with immediate effect.

        Raises:
            errors.NotFound
        """
        if not ObjectId.is_valid(token_id):
            raise errors.NotFound(kind="API token")
        token = ApiTokenDocument.objects(id=ObjectId(token_id), user_id=ObjectId(caller.user_id))
        revoked = token.modify(remove=True)
        if revoked is None:
            raise errors.NotFound(kind="API token")
        self._audit.record("token-revoked", caller.user_id, by=caller.user_id, name=revoked.name)

    @reaching_mongodb()
    def revoke_all(self, user_id: object, *, by: str | None, scope: Scope | None = None) -> int:
        """Revoke all of the account's tokens, or those with this scope; returns how many."""
        chosen = {} if scope is None else {"scopes": scope}
        revoked = int(ApiTokenDocument.objects(user_id=ObjectId(str(user_id)), **chosen).delete())
        if revoked:
            self._audit.record("token-revoked", user_id, by=by, count=str(revoked))
        return revoked

    @reaching_mongodb()
    def recognise(self, token: str) -> ApiTokenDocument:
        """The valid token's document.

        Raises:
            errors.TokenInvalid, errors.TokenExpired
        """
        document: ApiTokenDocument | None = ApiTokenDocument.objects(digest=digest(token)).first()
        if document is None:
            raise errors.TokenInvalid
        if document.expires_at is not None and document.expires_at <= self._now():
            raise errors.TokenExpired
        return document

    @reaching_mongodb()
    def note_use(self, token: ApiTokenDocument) -> None:
        """Record when it was used, to the minute; the first use is a security event."""
        now = self._now()
        if token.last_used_at is not None and token.last_used_at > now - _NOTED_EVERY:
            return
        stale = Q(last_used_at__exists=False) | Q(last_used_at__lte=now - _NOTED_EVERY)
        before = ApiTokenDocument.objects(stale, id=token.id).modify(set__last_used_at=now)
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
