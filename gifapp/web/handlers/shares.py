"""Shares: created and revoked by their owner, opened by anyone with the link."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import quote

from pydantic import Field

from gifapp import errors
from gifapp.domain.recipes.output_formats import FILE_KINDS
from gifapp.domain.views.jobs import SharesView, ShareView
from gifapp.jobs.db.shares import count_view
from gifapp.jobs.services.sharing import SharedGif
from gifapp.web.handlers.media import FileHandler, FileQuery, Picture
from gifapp.web.http.base import BaseHandler, PrivateHandler
from gifapp.web.http.operations import operation
from gifapp.web.http.payloads import Payload
from gifapp.web.share_page import POLICY, SharedGifPage, not_found_page, page

WEEK_S, YEAR_S = 7 * 24 * 3600, 365 * 24 * 3600
_CACHE_S = 60  # how long a browser may still show the GIF of a revoked link


class ShareRequest(Payload):
    expires_in_s: int = Field(WEEK_S, ge=1, le=YEAR_S)


class JobSharesHandler(PrivateHandler):
    @operation(
        "List the share links of one of my GIFs, newest first, revoked ones included until they expire"
    )
    async def get(self, job_id: str) -> SharesView:
        shares = await self.run_blocking(self.parts.services.sharing.of_job, self.user.user_id, job_id)
        return SharesView(shares=[self._linked(share) for share in shares])

    @operation(
        "Create a link through which anyone can view one of my GIFs",
        status=201,
        response_headers=["Location"],
        raises=[errors.JobNotFinished, errors.TooManyShares],
    )
    async def post(self, job_id: str, body: ShareRequest) -> ShareView:
        share = await self.run_blocking(
            self.parts.services.sharing.add, self.user.user_id, job_id, lasts_s=body.expires_in_s
        )
        linked = self._linked(share)
        self.set_header("Location", linked.url)
        return linked

    def _linked(self, share: ShareView) -> ShareView:
        return share.model_copy(update={"url": _address(self, share.id)})


class ShareHandler(PrivateHandler):
    @operation("Revoke a share link")
    async def delete(self, share_id: str) -> None:
        await self.run_blocking(self.parts.services.sharing.revoke, self.user.user_id, share_id)


class _PublicHandler(BaseHandler):
    """For anyone with the link, embedded in any page; tells search engines not to index it."""

    limited_as: ClassVar = {"GET": "views", "HEAD": "views"}

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("X-Robots-Tag", "noindex")

    async def shared(self, token: str) -> SharedGif:
        """The GIF of a link.

        Raises:
            errors.NotFound: also if its owner's account is disabled, or if the token is written differently,
                for instance percent-encoded.
        """
        if self.request.path.split("/")[2] != token:
            raise errors.NotFound(kind="share")
        share_id = self.parts.share_links.share_id(token)
        shared = await self.run_blocking(self.parts.services.sharing.shown, share_id)
        if not await self.run_blocking(self.parts.identity.is_enabled, shared.owner_id):
            raise errors.NotFound(kind="share")
        return shared


class SharePage(_PublicHandler):
    @operation(
        "The page of a shared GIF, which other sites may frame",
        produces=["text/html"],
        also={404: "The link does not exist, or was revoked, has expired, or its GIF was deleted."},
    )
    async def get(self, token: str) -> None:
        shared = await self.shared(token)
        address = _address(self, shared.share_id)
        self.show(page(SharedGifPage.of(shared, address, f"{address}/{quote(shared.file.file_name)}")))

    head = get

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        if status_code != 404:
            super().write_error(status_code, **kwargs)
            return
        self.show(not_found_page())

    def show(self, html: str) -> None:
        """Respond with a page that other sites may embed."""
        self.clear_header("X-Frame-Options")
        self.set_header("Content-Security-Policy", POLICY)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(html)


class SharedFile(_PublicHandler, FileHandler):
    @operation(
        "The file of a shared GIF, under any name",
        reads_itself=[FileQuery],
        produces=[kind.content_type for kind in FILE_KINDS.values()],
        is_file=True,
    )
    async def get(self, token: str, include_body: bool = True) -> None:
        self._shared = await self.shared(token)
        file = self._shared.file
        picture = Picture(file.blob, file.content_type, file.etag, file.file_name)
        await self.send(picture, include_body=include_body)
        if include_body and self._is_view():  # whole, or from the start
            await self.run_blocking(count_view, self._shared.share_id)

    def set_extra_headers(self, path: str) -> None:
        super().set_extra_headers(path)
        left_s = (self._shared.expires_at - datetime.now(UTC)).total_seconds()
        self.set_header("Cache-Control", f"public, max-age={max(0, min(_CACHE_S, int(left_s)))}")
        self.set_header("Cross-Origin-Resource-Policy", "cross-origin")

    def _is_view(self) -> bool:
        begins = self.request.headers.get("Range", "bytes=0-").startswith("bytes=0-")
        return begins and self.get_status() in (200, 206)


def _address(handler: BaseHandler, share_id: str) -> str:
    request = handler.request
    return handler.parts.share_links.address(share_id, f"{request.protocol}://{request.host}")
