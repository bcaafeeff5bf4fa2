"""API tokens: created, listed and revoked by signed-in users, not by API tokens."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from gifapp import errors
from gifapp.domain.accounts import Scope
from gifapp.domain.views.accounts import ApiTokensView, MadeTokenView, RevokedView
from gifapp.identity.api_tokens import ApiTokens
from gifapp.identity.callers import Need
from gifapp.web.http.base import PrivateHandler
from gifapp.web.http.operations import operation
from gifapp.web.http.payloads import Moment, Name, Payload

MAX_NAME_CHARACTERS = 100


class NewToken(Payload):
    name: Annotated[Name, Field(max_length=MAX_NAME_CHARACTERS)]
    scopes: list[Scope] = Field(["read"], min_length=1, max_length=3)
    expires_at: Moment | None = None


class _TokensHandler(PrivateHandler):
    usual_need: ClassVar[Need | None] = "session"

    @property
    def api_tokens(self) -> ApiTokens:
        return self.parts.identity.api_tokens


class TokensHandler(_TokensHandler):
    @operation("List my API tokens (names and permissions only)")
    async def get(self) -> ApiTokensView:
        return ApiTokensView(tokens=await self.run_blocking(self.api_tokens.all_of, self.user.user_id))

    @operation(
        "Create a token (shown once)",
        status=201,
        raises=[errors.TooManyTokens, errors.AdministratorsOnly],
    )
    async def post(self, body: NewToken) -> MadeTokenView:
        return await self.run_blocking(
            self.api_tokens.make, self.user, body.name, body.scopes, body.expires_at
        )

    @operation("Revoke all my API tokens")
    async def delete(self) -> RevokedView:
        mine = self.user.user_id
        return RevokedView(revoked=await self.run_blocking(self.api_tokens.revoke_all, mine, by=mine))


class TokenHandler(_TokensHandler):
    @operation("Revoke an API token")
    async def delete(self, token_id: str) -> None:
        await self.run_blocking(self.api_tokens.revoke, self.user, token_id)
