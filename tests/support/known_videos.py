"""Remembers the probe's results, so that tests of other parts need not wait for it."""

import tempfile
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from gifapp.conversion.decode.still import poster
from gifapp.conversion.pipeline import convert_file
from gifapp.conversion.probing.probe import probe
from gifapp.conversion.report import GifReport
from gifapp.conversion.video import Video
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import SourceView
from gifapp.jobs.db import sources
from gifapp.jobs.parts import JobParts


@dataclass(frozen=True)
class KnownVideo:
    """A video file, its probed facts, and its poster."""

    data: bytes
    facts: Video
    poster: bytes


def convert(clip: Path, recipe: Recipe | None = None, output: Path | None = None) -> GifReport:
    """Convert as the service does; equal files are probed only once."""
    with tempfile.TemporaryDirectory() as directory:
        report = convert_file(
            clip,
            recipe or Recipe(),
            output or Path(directory, "gif"),
            limits=Limits(),
            on_progress=lambda _: None,
            video=facts_of(clip),
        )
        return report if output else replace(report, path=None, data=report.read_bytes())


def facts_of(clip: Path) -> Video:
    """The probed facts of a file."""
    return _facts(clip.suffix, clip.read_bytes())


@cache
def _facts(suffix: str, data: bytes) -> Video:
    with tempfile.TemporaryDirectory() as directory:
        clip = Path(directory, f"clip{suffix}")
        clip.write_bytes(data)
        return probe(clip, limits=Limits())


def look_into(data: bytes, directory: Path) -> KnownVideo:
    clip, picture = directory / "clip.mp4", directory / "poster.jpg"
    clip.write_bytes(data)
    facts = probe(clip, limits=Limits())
    poster(clip, facts, picture, limits=Limits())
    return KnownVideo(data, facts, picture.read_bytes())


def add_source(parts: JobParts, owner_id: str, video: KnownVideo, name: str) -> SourceView:
    """Add a user's source, stored as an upload would be."""
    with parts.sources.incoming(owner_id) as incoming:
        incoming.write(video.data)
        incoming.finish()
        incoming.poster_path.write_bytes(video.poster)
        parts.blobs.keep_source(incoming)
        added = sources.add_source(
            owner_id, name=name, size_bytes=len(video.data), sha256=incoming.sha256, video=video.facts
        )
    return parts.sources.find(owner_id, added.id)
