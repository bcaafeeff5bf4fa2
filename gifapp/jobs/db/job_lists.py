"""Lists of one owner's jobs: filtered, searched, sorted and paged."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from gifapp.domain.job_query import JobQuery, JobSort
from gifapp.jobs.db.documents import JobDocument
from gifapp.jobs.db.paging import Order, page_of
from gifapp.jobs.db.views import file_name_of
from gifapp.mongodb import reaching_mongodb

_ORDERS: dict[JobSort, Order] = {
    "newest": Order("created_at"),
    "oldest": Order("created_at", is_descending=False),
    "largest": Order("gif.bytes"),
    "longest": Order("gif.duration_s"),
}


class JobDocumentPage(NamedTuple):
    """A page of jobs, the cursor of the next page if there is one, and the number of jobs on all pages."""

    jobs: list[JobDocument]
    next_cursor: str | None
    total: int


@reaching_mongodb()
def job_page(owner_id: str, query: JobQuery, *, cursor: str | None, limit: int) -> JobDocumentPage:
    """A page of the owner's jobs, without their recipes' files; it is shorter if the recipes are large.

    Raises:
        errors.FieldInvalid: the cursor is not one that a page in this order returned.
    """
    chosen = _chosen(owner_id, query)
    page, next_cursor = page_of(
        chosen.exclude("recipe.subtitles", "recipe.overlay"),
        _ORDERS[query.sort],
        cursor=cursor,
        limit=limit,
        size_of=lambda job: len(json.dumps(job.recipe)),
    )
    return JobDocumentPage(page, next_cursor, int(chosen.count()))


class MadeFile(NamedTuple):
    """A finished file: its key in the store, its size, and the name under which it is downloaded."""

    key: str
    bytes: int
    file_name: str
    created_at: datetime


_FACTS = ("gif.key", "gif.bytes", "gif.duration_s", "gif.width_px", "recipe.format", "name", "source_name")


@reaching_mongodb()
def made_files(owner_id: str, job_ids: Collection[str]) -> list[MadeFile]:
    """The files of those of these jobs of the owner that have one, oldest first.

    A download holds them until its end, so they are not documents, whose recipes may have 100 kB each.
    """
    made = JobDocument.objects(owner=owner_id, id__in=list(job_ids), gif__exists=True)
    read = made.only(*_FACTS, "created_at").order_by("created_at", "id").no_cache()
    return [MadeFile(job.gif.key, job.gif.bytes, file_name_of(job), job.created_at) for job in read]


def _chosen(owner_id: str, query: JobQuery) -> Any:
    filters = {"state": query.state, "source": query.source_id, "recipe__format": query.format}
    chosen = JobDocument.objects(
        owner=owner_id, **{name: value for name, value in filters.items() if value is not None}
    )
    # escaped: what people search for is text, never a pattern
    contained = [{"searched_text": {"$regex": re.escape(word)}} for word in query.words]
    return chosen.filter(__raw__={"$and": contained}) if contained else chosen
