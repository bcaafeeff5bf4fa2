"""Videos that have been looked into: a test that only needs a source there waits for no process."""

from dataclasses import dataclass
from pathlib import Path

from gifapp.conversion.decode.still import poster
from gifapp.conversion.probing.probe import probe
from gifapp.conversion.video import Video
from gifapp.domain.limits import Limits
from gifapp.domain.views.jobs import SourceView
from gifapp.jobs.db import sources
from gifapp.jobs.parts import JobParts


@dataclass(frozen=True)
class KnownVideo:
    """A video file, what the probe says of it, and its poster."""

    data: bytes
    facts: Video
    poster: bytes


def look_into(data: bytes, directory: Path) -> KnownVideo:
    clip, picture = directory / "clip.mp4", directory / "poster.jpg"
    clip.write_bytes(data)
    facts = probe(clip, limits=Limits())
    poster(clip, facts, picture, limits=Limits())
    return KnownVideo(data, facts, picture.read_bytes())


def add_source(parts: JobParts, owner_id: str, video: KnownVideo, name: str) -> SourceView:
    """A source of somebody's, kept as an upload is."""
    with parts.sources.incoming(owner_id) as incoming:
        incoming.write(video.data)
        incoming.finish()
        incoming.poster_path.write_bytes(video.poster)
        parts.blobs.keep_source(incoming)
        added = sources.add_source(
            owner_id, name=name, size_bytes=len(video.data), sha256=incoming.sha256, video=video.facts
        )
    return parts.sources.find(owner_id, added.id)
