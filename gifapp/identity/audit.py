"""The audit log of security events: who did what to which account, when, and from where.

What stands in it names no password and no token. An event that cannot be written is an error in the log
of the process, and stops nobody: a database that is away must not keep people from signing out.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog

from gifapp import errors
from gifapp.domain.accounts import AuditKind
from gifapp.domain.views.accounts import AuditPage, AuditView
from gifapp.identity.accounts import Accounts
from gifapp.identity.documents import AuditDocument
from gifapp.identity.paging import newest_first
from gifapp.identity.tokens import derived_key
from gifapp.mongodb import reaching_mongodb

_STRANGER_LENGTH = 16

_log = structlog.get_logger()


class Origin(NamedTuple):
    """Where a request comes from."""

    address: str | None
    request_id: str | None


_NOWHERE = Origin(None, None)  # the command line
_origin: ContextVar[Origin] = ContextVar("origin", default=_NOWHERE)


def asked_from(address: str | None, request_id: str | None) -> None:
    """What is recorded from now on in this context was asked for from there."""
    _origin.set(Origin(address, request_id))


class Audit:
    def __init__(self, secret: bytes, accounts: Accounts, *, kept: timedelta, now: Callable[[], datetime]):
        self._key = derived_key(secret, "audit")
        self._accounts = accounts
        self._kept = kept
        self._now = now

    def record(
        self,
        kind: AuditKind,
        user_id: object = None,
        *,
        by: str | None = None,
        email: str | None = None,
        **facts: str,
    ) -> None:
        """Write down what happened to an account, or to an address (`email`) that has none."""
        try:
            self._write(kind, user_id, by, email, facts)
        except errors.ServiceUnavailable:
            _log.exception("a security event was not recorded", kind=kind, user_id=str(user_id), by=by)

    @reaching_mongodb()
    def _write(
        self, kind: AuditKind, user_id: object, by: str | None, email: str | None, facts: dict[str, str]
    ) -> None:
        now, origin = self._now(), _origin.get()
        AuditDocument(
            kind=kind,
            at=now,
            user_id=None if user_id is None else str(user_id),
            by_id=by,
            stranger=None if email is None else self._pseudonym(email),
            address=origin.address,
            request_id=origin.request_id,
            facts=facts,
            expires_at=now + self._kept,
        ).save(force_insert=True)

    @reaching_mongodb()
    def page(
        self,
        *,
        user_id: str | None = None,
        kind: AuditKind | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> AuditPage:
        """Newest first.

        Raises:
            errors.FieldInvalid: the cursor is none that a page gave.
        """
        wanted = {"user_id": user_id, "kind": kind}
        chosen = AuditDocument.objects(**{name: value for name, value in wanted.items() if value is not None})
        page, next_cursor = newest_first(chosen, cursor=cursor, limit=limit)
        return AuditPage(events=self._views(page), next_cursor=next_cursor)

    def _views(self, events: list[AuditDocument]) -> list[AuditView]:
        people = {one.user_id for one in events} | {one.by_id for one in events}
        emails = self._accounts.emails({user_id for user_id in people if user_id})
        return [
            AuditView(
                id=str(one.id),
                kind=one.kind,
                at=one.at,
                user_id=one.user_id,
                email=emails.get(one.user_id),
                by_id=one.by_id,
                by_email=emails.get(one.by_id),
                stranger=one.stranger,
                address=one.address,
                request_id=one.request_id,
                facts=one.facts,
            )
            for one in events
        ]

    def _pseudonym(self, email: str) -> str:
        """The same for the same address, and worth nothing to whoever reads it."""
        return hmac.new(self._key, email.encode(), "sha256").hexdigest()[:_STRANGER_LENGTH]
