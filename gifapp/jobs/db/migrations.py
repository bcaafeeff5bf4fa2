"""Upgrades documents of older versions.

Each step is a conditional update that changes nothing the second time: processes that start together may
all take it, and one that was killed in the middle is followed by another. A step never changes once it was
released; what a newer version needs comes as another one at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from pymongo.database import Database

from gifapp import errors
from gifapp.mongodb import reaching_mongodb

_log = structlog.get_logger()

_ID = {"_id": "gifapp"}
_MINUTE_MS = 60_000

Increment = Callable[[Database[Any]], int]
"""Changes documents, and says how many."""


@reaching_mongodb()
def migrate(database: Database[Any]) -> None:
    """Take the steps that the documents have not seen.

    Raises:
        errors.DataTooNew: a newer version wrote them.
    """
    found = schema_version(database)
    if found > SCHEMA_VERSION:
        raise errors.DataTooNew(found=found, known=SCHEMA_VERSION)
    for number, step in enumerate(_STEPS[found:], found + 1):
        changed = step(database)
        database["schema"].update_one(_ID, {"$max": {"version": number}}, upsert=True)
        if changed:
            _log.info("documents have a new shape", version=number, documents=changed)


@reaching_mongodb()
def schema_version(database: Database[Any]) -> int:
    """The last step that the documents have seen; 0: none."""
    found = database["schema"].find_one(_ID)
    return int(found["version"]) if found else 0


def _tell_use_and_rank(database: Database[Any]) -> int:
    """Videos tell when they were last used; jobs their rank, whether they are active, and what they make."""
    sources = database["sources"].update_many({"used_at": None}, [{"$set": {"used_at": "$created_at"}}])
    told = {
        "rank_at": {"$subtract": ["$run_at", {"$multiply": ["$priority", _MINUTE_MS]}]},
        "is_active": {"$in": ["$state", ["queued", "running"]]},
        "fingerprint": {
            "$ifNull": ["$fingerprint", "$_id"]
        },  # of an older encoder: never the same as another
    }
    older = {"$or": [{"rank_at": None}, {"is_active": None}, {"fingerprint": None}]}
    jobs = database["jobs"].update_many(older, [{"$set": told}, {"$unset": "digest"}])
    return sources.modified_count + jobs.modified_count


_STEPS: tuple[Increment, ...] = (_tell_use_and_rank,)
SCHEMA_VERSION = len(_STEPS)
