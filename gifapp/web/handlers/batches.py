"""Many jobs at once: delete, restore, cancel, and download as a zip."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import partial
from typing import Annotated, ClassVar

from pydantic import Field

from gifapp import errors
from gifapp.domain.views.jobs import ArchiveView, BatchAction, BatchView
from gifapp.jobs.services.batches import MAX_JOBS
from gifapp.web.handlers.media import MediaHandler, disposition
from gifapp.web.http.base import PrivateHandler
from gifapp.web.http.operations import operation
from gifapp.web.http.payloads import Payload

JobId = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
JobIds = Annotated[list[JobId], Field(min_length=1, max_length=MAX_JOBS)]
_ID_BYTES = 16


class Batch(Payload):
    action: BatchAction
    job_ids: JobIds


class NewArchive(Payload):
    job_ids: JobIds


class BatchHandler(PrivateHandler):
    @operation("Delete, restore or cancel several jobs")
    async def post(self, body: Batch) -> BatchView:
        """Jobs for which this is impossible stay as they are and are left out of the response."""
        apply = self.parts.services.batches.apply
        job_ids = await self.run_blocking(apply, self.user.user_id, body.action, body.job_ids)
        return BatchView(job_ids=job_ids)


class ArchivesHandler(PrivateHandler):
    @operation(
        "Get a link that downloads several finished GIFs as a zip",
        status=201,
        response_headers=["Location"],
        raises=[errors.NotFound],
    )
    async def post(self, body: NewArchive) -> ArchiveView:
        """The link works for some hours without a token. Jobs without a GIF are left out of the zip."""
        owner_id = self.user.user_id
        archive = await self.run_blocking(self.parts.services.batches.archive, owner_id, body.job_ids)
        url = self.parts.media.address("archives", _packed(body.job_ids), owner_id)
        self.set_header("Location", url)
        return archive.model_copy(update={"url": url})


class ArchiveHandler(MediaHandler):
    signed_kind: ClassVar = "archives"

    @operation(
        "A zip of finished GIFs, streamed as it is built",
        produces=["application/zip"],
        raises=[errors.FieldInvalid],
    )
    async def get(self, packed: str) -> None:
        owner_id = await self.owner_id(packed)
        chunks = self.parts.services.batches.zipped(owner_id, _unpacked(packed))
        take = partial(next, chunks, b"")
        first = await self.run_blocking(take)  # before the headers, as it may be refused
        self.set_header("Content-Type", "application/zip")
        self.set_header("Content-Disposition", disposition("attachment", "gifs.zip"))
        self.write(first)
        while chunk := await self.run_blocking(take):
            self.write(chunk)
            await self.flush()


def _packed(job_ids: list[str]) -> str:
    """The ids in two thirds of their length, so that a link to 200 jobs stays below 5 kB."""
    return urlsafe_b64encode(bytes.fromhex("".join(job_ids))).decode().rstrip("=")


def _unpacked(packed: str) -> list[str]:
    try:
        ids = urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).hex()
    except binascii.Error:
        raise errors.MediaLinkInvalid from None
    return [ids[at : at + 2 * _ID_BYTES] for at in range(0, len(ids), 2 * _ID_BYTES)]
