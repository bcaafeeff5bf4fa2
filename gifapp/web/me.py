"""Who I am, and what everybody may send."""

from __future__ import annotations

from gifapp.domain.views import LimitsView, MeView
from gifapp.identity.passwords import MAX_BYTES, MIN_CHARACTERS
from gifapp.web.base import BaseHandler, PrivateHandler
from gifapp.web.operations import operation


class MeHandler(PrivateHandler):
    @operation("The account that asks, and what it stores")
    async def get(self) -> MeView:
        user = self.user
        room = await self.run_blocking(self.parts.service.room, user.user_id)
        return MeView(
            id=user.user_id,
            email=user.email,
            role=user.role,
            stored_bytes=room.used_bytes,
            quota_bytes=room.limit_bytes,
        )


class LimitsHandler(BaseHandler):
    @operation("What is refused, before anybody sends it", is_tagged=True)
    async def get(self) -> LimitsView:
        limits = self.parts.limits
        return LimitsView(
            max_upload_bytes=limits.max_upload_bytes,
            max_duration_s=limits.max_duration_s,
            max_pixels=limits.max_pixels,
            max_gif_bytes=limits.max_gif_bytes,
            deadline_s=limits.deadline_s,
            password_min_characters=MIN_CHARACTERS,
            password_max_bytes=MAX_BYTES,
            registration=self.parts.identity.registration,
        )
