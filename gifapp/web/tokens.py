"""API tokens: made, seen and revoked by whoever signed in, and by no API token."""

from __future__ import annotations

from pydantic import Field

from gifapp.domain.account_views import Scope
from gifapp.identity.api_tokens import ApiTokens
from gifapp.identity.callers import Need
from gifapp.web.base import PrivateHandler
from gifapp.web.payloads import Moment, Payload


class NewToken(Payload):
    name: str = Field(min_length=1, max_length=100)
    scopes: list[Scope] = Field(["read"], min_length=1, max_length=3)
    expires_at: Moment | None = None


class _TokensHandler(PrivateHandler):
    @property
    def api_tokens(self) -> ApiTokens:
        return self.parts.identity.api_tokens

    def need(self) -> Need:
        return "session"


class TokensHandler(_TokensHandler):
    """`GET`: mine, without what they are. `POST`: one more, shown once. `DELETE`: revoke all."""

    async def get(self) -> None:
        found = await self.run_blocking(self.api_tokens.all_of, self.user.user_id)
        self.write({"tokens": [one.model_dump(mode="json") for one in found]})

    async def post(self) -> None:
        given = self.json_body(NewToken)
        made = await self.run_blocking(
            self.api_tokens.make, self.user, given.name, given.scopes, given.expires_at
        )
        self.set_status(201)
        self.write_model(made)

    async def delete(self) -> None:
        mine = self.user.user_id
        self.write({"revoked": await self.run_blocking(self.api_tokens.revoke_all, mine, by=mine)})


class TokenHandler(_TokensHandler):
    """`DELETE`: revoke one."""

    async def delete(self, token_id: str) -> None:
        await self.run_blocking(self.api_tokens.revoke, self.user, token_id)
        self.set_status(204)
