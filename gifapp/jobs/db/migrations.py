"""Migrates documents of older versions.

Each step is idempotent: processes that start together may all run it, and another process can complete a
step that was interrupted. A released step never changes; add new ones at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

import structlog
from pymongo import UpdateOne
from pymongo.database import Database

from gifapp import errors
from gifapp.domain.job_query import searched_text
from gifapp.domain.recipes.recipe import Recipe
from gifapp.mongodb import reaching_mongodb

_log = structlog.get_logger()

_ID = {"_id": "gifapp"}
_MINUTE_MS = 60_000
_BATCH = 500

Increment = Callable[[Database[Any]], int]
"""Updates documents, and returns how many."""


@reaching_mongodb()
def migrate(database: Database[Any]) -> None:
    """Run the steps that were not applied yet.

    Raises:
        errors.DataTooNew: a newer version wrote them.
    """
    current = schema_version(database)
    if current > SCHEMA_VERSION:
        raise errors.DataTooNew(found=current, known=SCHEMA_VERSION)
    for number, step in enumerate(_STEPS[current:], current + 1):
        changed = step(database)
        database["schema"].update_one(_ID, {"$max": {"version": number}}, upsert=True)
        if changed:
            _log.info("documents migrated", version=number, documents=changed)


@reaching_mongodb()
def schema_version(database: Database[Any]) -> int:
    """The number of the last step applied; 0: none."""
    document = database["schema"].find_one(_ID)
    return int(document["version"]) if document else 0


def _add_use_and_rank(database: Database[Any]) -> int:
    """Add `used_at` to sources; `rank_at`, `is_active` and `fingerprint` to jobs."""
    sources = database["sources"].update_many({"used_at": None}, [{"$set": {"used_at": "$created_at"}}])
    fields = {
        "rank_at": {"$subtract": ["$run_at", {"$multiply": ["$priority", _MINUTE_MS]}]},
        "is_active": {"$in": ["$state", ["queued", "running"]]},
        # the id is unique: a GIF of an older encoder equals no new one
        "fingerprint": {"$ifNull": ["$fingerprint", "$_id"]},
    }
    older = {"$or": [{"rank_at": None}, {"is_active": None}, {"fingerprint": None}]}
    jobs = database["jobs"].update_many(older, [{"$set": fields}, {"$unset": "digest"}])
    return sources.modified_count + jobs.modified_count


def _add_searched_text(database: Database[Any]) -> int:
    """Add `searched_text`, and the recipe's format if it has none, to jobs."""
    fields = {"source_name": 1, "recipe.captions": 1, "recipe.format": 1}
    older = database["jobs"].find({"searched_text": None}, fields)
    changed = 0
    while writes := [_make_searchable(job) for job in islice(older, _BATCH)]:
        changed += database["jobs"].bulk_write(writes, ordered=False).modified_count
    return changed


def _make_searchable(job: dict[str, Any]) -> UpdateOne:
    recipe = Recipe.parse(job["recipe"])
    fields = {"searched_text": searched_text([job["source_name"]], recipe), "recipe.format": recipe.format}
    return UpdateOne({"_id": job["_id"], "searched_text": None}, {"$set": fields})


_STEPS: tuple[Increment, ...] = (_add_use_and_rank, _add_searched_text)
SCHEMA_VERSION = len(_STEPS)
