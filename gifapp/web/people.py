"""For administrators: everybody's accounts, invitations, links for a new password, the audit log."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from gifapp.domain.account_views import AccountView, AuditKind
from gifapp.domain.views import Role
from gifapp.identity.callers import Need
from gifapp.identity.people import People
from gifapp.web.base import AdministratorHandler
from gifapp.web.payloads import Payload, Query


class UsersQuery(Query):
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=200)


class AuditQuery(UsersQuery):
    user: str | None = Field(None, max_length=100)
    kind: AuditKind | None = None


class UserChange(Payload):
    role: Role | None = None
    disabled: bool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> UserChange:
        if self.role is None and self.disabled is None:
            raise ValueError("give role, disabled or both")
        return self


class _PeopleHandler(AdministratorHandler):
    @property
    def people(self) -> People:
        return self.parts.identity.people

    async def with_storage(self, accounts: list[AccountView]) -> list[dict[str, Any]]:
        stored = await self.run_blocking(self.parts.service.stored_by, [one.id for one in accounts])
        told = [one.model_copy(update={"stored_bytes": stored.get(one.id, 0)}) for one in accounts]
        return [one.model_dump(mode="json") for one in told]


class UsersHandler(_PeopleHandler):
    """`GET`: everybody, newest first, a page at a time."""

    async def get(self) -> None:
        asked = self.query(UsersQuery)
        page = await self.run_blocking(self.people.page, limit=asked.limit, cursor=asked.cursor)
        self.write({"users": await self.with_storage(page.accounts), "next_cursor": page.next_cursor})


class UserHandler(_PeopleHandler):
    """`GET`: somebody. `PATCH`: another role, disabled or not. `DELETE`: the account and all it has stored.

    What an API token did to accounts could not be undone by revoking it, so only `GET` is for them.
    """

    def need(self) -> Need:
        return "admin" if self.request.method == "GET" else "session"

    async def get(self, user_id: str) -> None:
        await self._answer(await self.run_blocking(self.people.find, user_id))

    async def patch(self, user_id: str) -> None:
        given = self.json_body(UserChange)
        changed = await self.run_blocking(
            self.people.change, user_id, role=given.role, disabled=given.disabled, by=self.user.user_id
        )
        await self._answer(changed)

    async def delete(self, user_id: str) -> None:
        forget = self.parts.service.forget_owner
        await self.run_blocking(self.people.delete, user_id, forget=forget, by=self.user.user_id)
        self.set_status(204)

    async def _answer(self, account: AccountView) -> None:
        [told] = await self.with_storage([account])
        self.write(told)


class ResetLinkHandler(_PeopleHandler):
    """`POST`: a link that gives the account a new password."""

    def need(self) -> Need:
        return "session"  # it opens every account, this one's too

    async def post(self, user_id: str) -> None:
        link = await self.run_blocking(self.people.reset_link, user_id, by=self.user.user_id)
        self.set_status(201)
        self.write_model(link)


class InvitesHandler(_PeopleHandler):
    """`POST`: a link that makes one account."""

    async def post(self) -> None:
        link = await self.run_blocking(self.people.invite, by=self.user.user_id)
        self.set_status(201)
        self.write_model(link)


class AuditHandler(AdministratorHandler):
    """`GET`: security events, newest first, a page at a time; `?user=` and `?kind=` choose."""

    async def get(self) -> None:
        asked = self.query(AuditQuery)
        page = await self.run_blocking(
            self.parts.identity.audit.page,
            user_id=asked.user,
            kind=asked.kind,
            limit=asked.limit,
            cursor=asked.cursor,
        )
        events = [one.model_dump(mode="json") for one in page.events]
        self.write({"events": events, "next_cursor": page.next_cursor})
