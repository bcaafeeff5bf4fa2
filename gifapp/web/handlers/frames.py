"""Single frames: the strip of a video's frames to edit, and exports of finished GIFs."""

from __future__ import annotations

from functools import partial
from pathlib import PurePath
from typing import Annotated

from pydantic import Field

from gifapp import errors
from gifapp.conversion.exporting.frame_files import Export
from gifapp.domain.recipes.parts import MAX_FRAME_NUMBER
from gifapp.domain.views.frames import FrameStripView
from gifapp.jobs.services.jobs import GifFile
from gifapp.web.handlers.jobs import RECIPE_ERRORS
from gifapp.web.handlers.media import MediaHandler, disposition
from gifapp.web.handlers.previews import RecipeHandler, RecipeRequest
from gifapp.web.http.operations import operation
from gifapp.web.http.payloads import Query

_CHUNK_BYTES = 256 * 1024


class ExportQuery(Query):
    export: Annotated[
        Export, Field(alias="as", description="zip: PNGs in a zip; sheet: all on one PNG; frame: one PNG.")
    ] = "zip"
    number: Annotated[
        int, Field(ge=0, le=MAX_FRAME_NUMBER, description="The frame, from 0, for as=frame.")
    ] = 0


class StripHandler(RecipeHandler):
    signed_kind = "strips"

    @operation(
        "All frames that a recipe shows, small, to edit its list of frames",
        need="read",
        raises=[*RECIPE_ERRORS, errors.NotFound, errors.TooManyFrames],
    )
    async def post(self, source_id: str, body: RecipeRequest) -> FrameStripView:
        """The recipe's own list of frames is ignored, so that each frame is at the place of its number."""
        make = partial(self.parts.services.frames.strip, self._owner_id, source_id, body.recipe)
        return await self.run_in_turn(self.parts.probes, self._owner_id, make)


class ExportHandler(MediaHandler):
    signed_kind = "exports"

    @operation(
        "The frames of a job's finished GIF: as PNGs in a zip, as a contact sheet, or one of them",
        produces=["application/zip", "image/png"],
        raises=[
            errors.JobNotFinished,
            errors.FieldInvalid,
            errors.TooManyAtOnce,
            errors.DiskFull,
            *errors.SourceRefused.all().values(),
        ],
    )
    async def get(self, job_id: str, query: ExportQuery) -> None:
        owner_id = await self.owner_id(job_id)
        with self.parts.exports.turn(owner_id):
            await self._export(owner_id, job_id, query)

    async def _export(self, owner_id: str, job_id: str, query: ExportQuery) -> None:
        gif = await self.run_blocking(self.parts.services.jobs.gif, owner_id, job_id)
        make = partial(self.parts.services.frames.export, gif, query.export, query.number)
        file = await self.run_in_turn(self.parts.probes, owner_id, make)
        with file:
            content_type = "application/zip" if query.export == "zip" else "image/png"
            self.set_header("Content-Type", content_type)
            self.set_header("Content-Disposition", disposition("attachment", _name(gif, query)))
            while chunk := await self.run_blocking(file.read, _CHUNK_BYTES):
                self.write(chunk)
                await self.flush()


def _name(gif: GifFile, query: ExportQuery) -> str:
    stem = PurePath(gif.file_name).stem
    endings = {"zip": "-frames.zip", "sheet": "-sheet.png", "frame": f"-frame-{query.number:03}.png"}
    return stem + endings[query.export]
