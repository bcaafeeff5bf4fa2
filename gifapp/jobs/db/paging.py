"""Pages of jobs and sources, newest first, with a cursor to the next page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from mongoengine import Q

from gifapp import errors

Moment = Literal["created_at", "finished_at"]
Place = tuple[datetime, str]
"""The moment of the last document of a page, and its id."""


def newest_first(chosen: Any, *, by: Moment, before: Place | None, limit: int) -> list[Any]:
    """Those of the chosen documents that come after the place `before`."""
    if before is not None:
        moment, last_id = before
        chosen = chosen.filter(Q(**{f"{by}__lt": moment}) | Q(**{by: moment, "id__lt": last_id}))
    return list(chosen.order_by(f"-{by}", "-id").limit(limit))


def cursor_after(document: Any, *, by: Moment) -> str:
    return f"{document[by].timestamp() * 1000:.0f}-{document.id}"


def place_of(cursor: str) -> Place:
    """Raises errors.FieldInvalid: the cursor is none that a page gave."""
    moment_ms, _, last_id = cursor.partition("-")
    try:
        return datetime.fromtimestamp(int(moment_ms) / 1000, UTC), last_id
    except (ValueError, OverflowError, OSError):
        raise errors.FieldInvalid(field="cursor", problem="it is not from a list") from None
