"""Exports all of a user's data as a zip that is streamed while it is built."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import PurePath
from typing import Any, NamedTuple

from gifapp.domain.views.jobs import View
from gifapp.jobs.db.documents import JobDocument, SourceDocument
from gifapp.jobs.db.saved_recipes import recipes_of, saved_recipe_view
from gifapp.jobs.db.views import file_name_of, job_view, source_view
from gifapp.jobs.services.zipping import ZipStream, entry_name
from gifapp.mongodb import reaching_mongodb
from gifapp.storage.blob import Blob
from gifapp.storage.blobs import Blobs


class _File(NamedTuple):
    name: str
    blob: Blob
    made_at: datetime


def archive(blobs: Blobs, owner_id: str, about: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield the zip in chunks: the `about` files by name, lists as JSON, then videos and GIFs.

    The lists are `videos.json`, `jobs.json` and `recipes.json`. Files that are deleted meanwhile are left
    out. Each step blocks.

    Raises:
        errors.ServiceUnavailable
    """
    zipped = ZipStream()
    for name, value in about.items():
        yield from zipped.add(name, [_text(value)])
    yield from zipped.add("videos.json", _listed(_source_facts(owner_id)))
    yield from zipped.add("jobs.json", _listed(_job_facts(owner_id)))
    yield from zipped.add("recipes.json", _listed(_recipe_facts(owner_id)))
    for file in _files(owner_id):
        yield from zipped.add_blob(blobs, file.blob, file.name, file.made_at)
    yield zipped.end()


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
                "strip_url": None,
                "video_url": None,
                "filmstrip_url": None,
                "proxy_url": None,
                "layers_url": None,
            }
        )


def _job_facts(owner_id: str) -> Iterator[View]:
    for job in _jobs(owner_id):
        yield job_view(job).model_copy(update={"source": None})


def _recipe_facts(owner_id: str) -> Iterator[View]:
    for saved in recipes_of(owner_id):
        yield saved_recipe_view(saved, owner_id)


def _files(owner_id: str) -> Iterator[_File]:
    for source in _sources(owner_id):
        name = f"videos/{source.id}-{entry_name(source.name)}"
        yield _File(name, Blob("source", source.sha256), source.created_at)
    for job in _jobs(owner_id):
        if job.gif is not None:
            file_name = PurePath(file_name_of(job))
            name = f"gifs/{job.id}-{entry_name(file_name.stem)}{file_name.suffix}"
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
