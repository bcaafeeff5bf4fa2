"""Single frames: the strip that people edit, and exports of finished GIFs. It blocks; run it in a thread."""

from __future__ import annotations

import secrets
from base64 import b64encode
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

from gifapp.domain.frame_strip import COLUMNS
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.frames import FrameStripView
from gifapp.jobs.db import sources
from gifapp.jobs.services.jobs import GifFile
from gifapp.storage.blobs import Blobs

if TYPE_CHECKING:
    from gifapp.conversion.exporting.frame_files import Export

EXPORT_DEADLINE_S = 60.0


class Frames:
    def __init__(self, *, blobs: Blobs, limits: Limits) -> None:
        self._blobs = blobs
        self._limits = limits

    def strip(self, owner_id: str, source_id: str, recipe: Recipe) -> FrameStripView:
        """The frames of a source that the recipe's list of frames chooses from; takes a second or two.

        Raises:
            errors.NotFound
            errors.GifappError: see `conversion.exporting.frame_strip`.
        """
        from gifapp.conversion.exporting.frame_strip import frame_strip  # noqa: PLC0415  workers need no NumPy

        source = sources.find_source(owner_id, source_id)
        with self._blobs.video(source.sha256) as path:
            strip = frame_strip(path, sources.video_of(source), recipe, limits=self._limits)
        return FrameStripView(
            delays_cs=list(strip.delays_cs),
            columns=COLUMNS,
            tile_width_px=strip.tile_width_px,
            tile_height_px=strip.tile_height_px,
            jpeg=b64encode(strip.jpeg),
        )

    def export(self, gif: GifFile, kind: Export, number: int) -> BinaryIO:
        """An open file, without a name any more, of the frames of a finished GIF; takes some seconds.

        Raises:
            errors.NotFound: the GIF was deleted meanwhile.
            errors.DiskFull: only the reserve is left on the disk.
            errors.GifappError: see `conversion.exporting.frame_files`.
        """
        from gifapp.conversion.exporting.frame_files import export_frames  # noqa: PLC0415  as above

        limits = replace(self._limits, deadline_s=min(self._limits.deadline_s, EXPORT_DEADLINE_S))
        self._blobs.workspace.check_disk(0, reserve_bytes=self._limits.reserve_bytes)
        scratch = self._blobs.workspace.scratch(f"frames-{secrets.token_hex(8)}")
        with self._blobs.store.local(gif.blob) as path, scratch as directory:
            out = directory / "out"
            export_frames(path, None, out, kind, number=number, limits=limits, on_progress=lambda _: None)
            return out.open("rb")
