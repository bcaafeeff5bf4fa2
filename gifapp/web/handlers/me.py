"""The caller's account, and everybody's limits."""

from __future__ import annotations

from typing import Any

from gifapp import errors
from gifapp.domain.views.jobs import LimitsView, MeView
from gifapp.identity.passwords import MAX_BYTES, MIN_CHARACTERS
from gifapp.jobs.db import usage
from gifapp.jobs.services.export import archive
from gifapp.web.handlers.media import disposition
from gifapp.web.http.base import SESSION_COOKIE, BaseHandler, PrivateHandler
from gifapp.web.http.operations import operation
from gifapp.web.http.payloads import Payload, Secret


class AccountDeletionRequest(Payload):
    password: Secret


class MeHandler(PrivateHandler):
    @operation("Get my account and its storage use")
    async def get(self) -> MeView:
        user = self.user
        limit_bytes = self.parts.services.allowance.stored_bytes
        quota = await self.run_blocking(usage.quota_usage, user.user_id, limit_bytes=limit_bytes)
        return MeView(
            id=user.user_id,
            email=user.email,
            role=user.role,
            stored_bytes=quota.used_bytes,
            quota_bytes=quota.limit_bytes,
        )

    @operation(
        "Delete my account and everything it stores",
        need="session",
        raises=[
            errors.CredentialsWrong,
            errors.LastAdministrator,
            errors.TooManyRequests,
            errors.SignInSlowed,
        ],
    )
    async def delete(self, body: AccountDeletionRequest) -> None:
        await self.run_hashing(
            self.parts.identity.delete_own,
            self.user,
            body.password,
            self.request.remote_ip or "",
            forget=self.parts.services.delete_account,
        )
        self.clear_cookie(SESSION_COOKIE, path="/")


class ExportHandler(PrivateHandler):
    @operation("Export my data as a zip", produces=["application/zip"])
    async def get(self) -> None:
        about = await self.run_blocking(self._about)
        self.set_header("Content-Type", "application/zip")
        self.set_header("Content-Disposition", disposition("attachment", "gifapp.zip"))
        parts = archive(self.parts.services.blobs, self.user.user_id, about)
        while part := await self.run_blocking(next, parts, b""):
            self.write(part)
            await self.flush()

    def _about(self) -> dict[str, Any]:
        identity, user_id = self.parts.identity, self.user.user_id
        account = identity.people.find(user_id).model_dump(mode="json", exclude={"stored_bytes"})
        tokens = [token.model_dump(mode="json") for token in identity.api_tokens.all_of(user_id)]
        return {"account.json": account, "api-tokens.json": tokens}


class LimitsHandler(BaseHandler):
    @operation("The limits and formats that uploads must meet", has_etag=True)
    async def get(self) -> LimitsView:
        limits = self.parts.services.limits
        return LimitsView(
            max_upload_bytes=limits.max_upload_bytes,
            max_duration_s=limits.max_duration_s,
            max_pixels=limits.max_pixels,
            max_composed_pixels=limits.max_composed_pixels,
            max_decoded_pixels=limits.max_decoded_pixels,
            max_gif_bytes=limits.max_gif_bytes,
            deadline_s=limits.deadline_s,
            password_min_characters=MIN_CHARACTERS,
            password_max_bytes=MAX_BYTES,
            registration=self.parts.identity.registration,
            fetches_links=self.parts.link_fetcher is not None,
        )
