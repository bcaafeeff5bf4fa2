"""Cursor pagination, newest first; the cursor is the id of the page's last document."""

from __future__ import annotations

from typing import Any

from bson import ObjectId

from gifapp import errors
from gifapp.mongodb import read_page


def newest_first(chosen: Any, *, cursor: str | None, limit: int) -> tuple[list[Any], str | None]:
    """A page of the chosen documents, and the cursor of the next page, if any.

    Raises:
        errors.FieldInvalid: the cursor is not one that a page returned.
    """
    if cursor is not None:
        chosen = chosen.filter(id__lt=_id_of(cursor))
    page, has_more = read_page(chosen.order_by("-id"), limit)
    return page, str(page[-1].id) if has_more else None


def _id_of(cursor: str) -> ObjectId:
    if not ObjectId.is_valid(cursor):
        raise errors.FieldInvalid(field="cursor", problem="is not a cursor from an earlier page of this list")
    return ObjectId(cursor)
