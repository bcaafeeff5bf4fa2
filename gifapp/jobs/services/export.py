"""Exports all of a user's data as a zip that is streamed while it is built."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any, NamedTuple

from gifapp.domain.recipes.output_formats import FILE_KINDS
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import View
from gifapp.jobs.db.documents import JobDocument, SourceDocument
from gifapp.jobs.db.views import job_view, source_view
from gifapp.mongodb import reaching_mongodb
from gifapp.storage.blob import Blob
from gifapp.storage.blobs import Blobs

_CHUNK_BYTES = 256 * 1024
_MAX_NAME_CHARACTERS = 100
_PRIVATE = 0o600 << 16  # a zip stores the Unix mode in the upper 16 bits


class _File(NamedTuple):
    name: str
    blob: Blob
    made_at: datetime


class _Outbox(io.RawIOBase):
    """A buffer that the zip is written to and drained from."""

    def __init__(self) -> None:
        super().__init__()
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._written += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken


def archive(blobs: Blobs, owner_id: str, about: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield the zip in chunks: the `about` files by name, `videos.json`, `jobs.json`, then videos and GIFs.

    Files that are deleted meanwhile are left out. Each step blocks.

    Raises:
        errors.ServiceUnavailable
    """
    outbox = _Outbox()
    with zipfile.ZipFile(outbox, "w") as zipped:
        for name, value in about.items():
            yield from _entry(zipped, outbox, name, [_text(value)])
        yield from _entry(zipped, outbox, "videos.json", _listed(_source_facts(owner_id)))
        yield from _entry(zipped, outbox, "jobs.json", _listed(_job_facts(owner_id)))
        for file in _files(owner_id):
            with (
                suppress(FileNotFoundError),
                blobs.store.local(file.blob) as path,
                path.open("rb") as content,
            ):
                yield from _entry(zipped, outbox, file.name, _chunks(content), file.made_at)
    yield outbox.take()


def _entry(
    zipped: zipfile.ZipFile,
    outbox: _Outbox,
    name: str,
    content: Iterable[bytes],
    made_at: datetime | None = None,
) -> Iterator[bytes]:
    info = zipfile.ZipInfo(name, (made_at or datetime.now(UTC)).timetuple()[:6])
    info.external_attr = _PRIVATE
    with zipped.open(info, "w", force_zip64=True) as entry:
        for chunk in content:
            entry.write(chunk)
            yield outbox.take()


def _chunks(content: io.BufferedReader) -> Iterator[bytes]:
    return iter(lambda: content.read(_CHUNK_BYTES), b"")


def _listed(facts: Iterable[View]) -> Iterator[bytes]:
    """The items as a JSON list, serialised one at a time."""
    opening = b"[\n"
    for item in facts:
        yield opening + item.model_dump_json(exclude_none=True).encode()
        opening = b",\n"
    yield b"[]\n" if opening == b"[\n" else b"\n]\n"


def _text(value: Any) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode()


def _source_facts(owner_id: str) -> Iterator[View]:
    for source in _sources(owner_id):
        yield source_view(source).model_copy(
            update={
                "poster_url": None,
                "frame_url": None,
                "preview_url": None,
                "video_url": None,
                "filmstrip_url": None,
            }
        )


def _job_facts(owner_id: str) -> Iterator[View]:
    for job in _jobs(owner_id):
        yield job_view(job).model_copy(update={"source": None})


def _files(owner_id: str) -> Iterator[_File]:
    for source in _sources(owner_id):
        name = f"videos/{source.id}-{_plain(source.name)}"
        yield _File(name, Blob("source", source.sha256), source.created_at)
    for job in _jobs(owner_id):
        if job.gif is not None:
            suffix = FILE_KINDS[Recipe.parse(job.recipe).format].suffix
            name = f"gifs/{job.id}-{_plain(PurePath(job.source_name).stem)}{suffix}"
            yield _File(name, Blob("gif", job.gif.key), job.created_at)


@reaching_mongodb()
def _sources(owner_id: str) -> list[SourceDocument]:
    return list(SourceDocument.objects(owner=owner_id).order_by("created_at", "id"))


def _jobs(owner_id: str) -> Iterator[JobDocument]:
    """The owner's jobs, read in batches, since a recipe may contain images."""
    last = ""
    while page := _jobs_after(owner_id, last):
        yield from page
        last = page[-1].id


@reaching_mongodb()
def _jobs_after(owner_id: str, job_id: str) -> list[JobDocument]:
    return list(JobDocument.objects(owner=owner_id, id__gt=job_id).order_by("id").limit(50))


def _plain(name: str) -> str:
    """The name, safe inside a zip entry's name: no path separators, no unprintable characters."""
    return "".join(c for c in name if c.isprintable() and c not in '/\\:*?"<>|')[:_MAX_NAME_CHARACTERS]
