"""For administrators: accounts, invitations, password links, the audit log."""

from __future__ import annotations

import segno
from pydantic import Field, model_validator

from gifapp import errors
from gifapp.domain.accounts import AuditKind, Role
from gifapp.domain.views.accounts import AccountPage, AccountView, AuditPage, LinkPage, LinkView
from gifapp.identity.account_admin import AccountAdmin
from gifapp.identity.links import Links
from gifapp.jobs.db import usage
from gifapp.web.http.base import AdministratorHandler
from gifapp.web.http.operations import operation
from gifapp.web.http.payloads import PageQuery, Payload


class AuditQuery(PageQuery):
    user: str | None = Field(None, max_length=100)
    kind: AuditKind | None = None


class UserChange(Payload):
    role: Role | None = None
    disabled: bool | None = None
    quota_bytes: int | None = Field(None, ge=1, le=2**60)

    @model_validator(mode="after")
    def _says_something(self) -> UserChange:
        if self.role is None and self.disabled is None and "quota_bytes" not in self.model_fields_set:
            raise ValueError("must have role, disabled or quota_bytes")
        return self


class _PeopleHandler(AdministratorHandler):
    @property
    def people(self) -> AccountAdmin:
        return self.parts.identity.people

    @property
    def links(self) -> Links:
        return self.parts.identity.links

    async def with_storage(self, accounts: list[AccountView]) -> list[AccountView]:
        ids = [account.id for account in accounts]
        stored = await self.run_blocking(usage.stored_by, ids)
        quotas = await self.run_blocking(usage.own_quotas, ids)
        return [
            account.model_copy(
                update={"stored_bytes": stored.get(account.id, 0), "quota_bytes": quotas.get(account.id)}
            )
            for account in accounts
        ]

    async def one_with_storage(self, account: AccountView) -> AccountView:
        [with_storage] = await self.with_storage([account])
        return with_storage

    def with_qr(self, link: LinkView) -> LinkView:
        url = self.parts.share_links.origin(f"{self.request.protocol}://{self.request.host}") + link.path
        code = segno.make(url, error="m", micro=False).svg_data_uri(scale=5, dark="#000", light="#fff")
        return link.model_copy(update={"url": url, "qr": code})


class UsersHandler(_PeopleHandler):
    @operation("List all accounts, newest first, paged")
    async def get(self, query: PageQuery) -> AccountPage:
        page = await self.run_blocking(self.people.page, limit=query.limit, cursor=query.cursor)
        return page.model_copy(update={"users": await self.with_storage(page.users)})


class UserHandler(_PeopleHandler):
    """API tokens may only read accounts: revoking a token could not undo what it changed."""

    @operation("Get an account")
    async def get(self, user_id: str) -> AccountView:
        return await self.one_with_storage(await self.run_blocking(self.people.find, user_id))

    @operation(
        "Change an account's role or quota, or disable it", need="session", raises=[errors.LastAdministrator]
    )
    async def patch(self, user_id: str, body: UserChange) -> AccountView:
        """`quota_bytes`: null gives the account everybody's quota again."""
        changed = await self.run_blocking(
            self.people.change, user_id, role=body.role, disabled=body.disabled, by=self.user.user_id
        )
        if "quota_bytes" in body.model_fields_set:
            await self.run_blocking(usage.set_quota, user_id, body.quota_bytes)
        return await self.one_with_storage(changed)

    @operation(
        "Delete an account and everything it stores", need="session", raises=[errors.LastAdministrator]
    )
    async def delete(self, user_id: str) -> None:
        forget = self.parts.services.delete_account
        await self.run_blocking(self.people.delete, user_id, forget=forget, by=self.user.user_id)


class ResetLinkHandler(_PeopleHandler):
    @operation("Create a password reset link for an account", status=201, need="session")
    async def post(self, user_id: str) -> LinkView:
        """A link gives access to any account, including the caller's own, so no API token may create one."""
        return self.with_qr(await self.run_blocking(self.links.reset, user_id, by=self.user.user_id))


class InvitesHandler(_PeopleHandler):
    @operation("Create an invitation link for one account", status=201)
    async def post(self) -> LinkView:
        return self.with_qr(await self.run_blocking(self.links.invite, by=self.user.user_id))


class LinksHandler(_PeopleHandler):
    @operation("List unused invitation and password reset links, newest first, paged")
    async def get(self, query: PageQuery) -> LinkPage:
        return await self.run_blocking(self.links.page, limit=query.limit, cursor=query.cursor)


class LinkHandler(_PeopleHandler):
    @operation("Revoke an invitation or password reset link")
    async def delete(self, link_id: str) -> None:
        await self.run_blocking(self.links.revoke, link_id, by=self.user.user_id)


class AuditHandler(AdministratorHandler):
    @operation("List security events, newest first, paged")
    async def get(self, query: AuditQuery) -> AuditPage:
        return await self.run_blocking(
            self.parts.identity.audit.page,
            user_id=query.user,
            kind=query.kind,
            limit=query.limit,
            cursor=query.cursor,
        )
