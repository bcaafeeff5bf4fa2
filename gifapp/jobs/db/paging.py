"""Cursor pagination of jobs and sources, newest first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from mongoengine import Q

from gifapp import errors
from gifapp.mongodb import read_page

Moment = Literal["created_at", "finished_at"]


def newest_first(chosen: Any, *, by: Moment, cursor: str | None, limit: int) -> tuple[list[Any], str | None]:
    """A page of the chosen documents, and the cursor of the next page, if any.

    Raises:
        errors.FieldInvalid: the cursor is not one that a page returned.
    """
    if cursor:
        moment, last_id = _place_of(cursor)
        chosen = chosen.filter(Q(**{f"{by}__lt": moment}) | Q(**{by: moment, "id__lt": last_id}))
    page, has_more = read_page(chosen.order_by(f"-{by}", "-id"), limit)
    return page, _cursor_after(page[-1], by=by) if has_more else None


def _cursor_after(document: Any, *, by: Moment) -> str:
    return f"{document[by].timestamp() * 1000:.0f}-{document.id}"


def _place_of(cursor: str) -> tuple[datetime, str]:
    moment_ms, _, last_id = cursor.partition("-")
    try:
        return datetime.fromtimestamp(int(moment_ms) / 1000, UTC), last_id
    except (ValueError, OverflowError, OSError):
        raise errors.FieldInvalid(field="cursor", problem="is not a cursor from an earlier page") from None
