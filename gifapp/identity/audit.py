"""The audit log of security events: who did what to which account, when, and from where.

Events contain no passwords or tokens. If an event cannot be written, the process logs an error and
continues: a database outage must not prevent anyone from signing out.
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
    """The origin of a request."""

    address: str | None
    request_id: str | None


_NOWHERE = Origin(None, None)  # for the command line
_origin: ContextVar[Origin] = ContextVar("origin", default=_NOWHERE)


def set_request_origin(address: str | None, request_id: str | None) -> None:
    """Set the origin of all events recorded from now on in this context."""
    _origin.set(Origin(address, request_id))


class Audit:
    def __init__(
        self, secret: bytes, accounts: Accounts, *, retention: timedelta, now: Callable[[], datetime]
    ):
        self._key = derived_key(secret, "audit")
        self._accounts = accounts
        self._retention = retention
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
        """Record an event about an account, or about an email address (`email`) without an account."""
        try:
            self._write(kind, user_id, by, email, facts)
        except errors.ServiceUnavailable:
            _log.exception("security event not recorded", kind=kind, user_id=str(user_id), by=by)

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
            expires_at=now + self._retention,
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
        """A page of events, newest first.

        Raises:
            errors.FieldInvalid: the cursor is not one that a page returned.
        """
        filters = {"user_id": user_id, "kind": kind}
        chosen = AuditDocument.objects(
            **{name: value for name, value in filters.items() if value is not None}
        )
        page, next_cursor = newest_first(chosen, cursor=cursor, limit=limit)
        return AuditPage(events=self._views(page), next_cursor=next_cursor)

    def _views(self, events: list[AuditDocument]) -> list[AuditView]:
        people = {event.user_id for event in events} | {event.by_id for event in events}
        emails = self._accounts.emails({user_id for user_id in people if user_id})
        return [
            AuditView(
                id=str(event.id),
                kind=event.kind,
                at=event.at,
                user_id=event.user_id,
                email=emails.get(event.user_id),
                by_id=event.by_id,
                by_email=emails.get(event.by_id),
                stranger=event.stranger,
                address=event.address,
                request_id=event.request_id,
                facts=event.facts,
            )
            for event in events
        ]

    def _pseudonym(self, email: str) -> str:
        """A keyed hash of the address: equal for equal addresses, and useless to a reader of the log."""
        return hmac.new(self._key, email.encode(), "sha256").hexdigest()[:_STRANGER_LENGTH]
