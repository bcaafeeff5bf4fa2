"""Pages of documents, newest first; the cursor to the next page is the id of the last document."""

from __future__ import annotations

from typing import Any

from bson import ObjectId

from gifapp import errors
from gifapp.mongodb import read_page


def newest_first(chosen: Any, *, cursor: str | None, limit: int) -> tuple[list[Any], str | None]:
    """A page of the chosen documents, and the cursor to the next page, if there is one.

    Raises:
        errors.FieldInvalid: the cursor is none that a page gave.
    """
    if cursor is not None:
        chosen = chosen.filter(id__lt=_id_of(cursor))
    page, has_more = read_page(chosen.order_by("-id"), limit)
    return page, str(page[-1].id) if has_more else None


def _id_of(cursor: str) -> ObjectId:
    if not ObjectId.is_valid(cursor):
        raise errors.FieldInvalid(field="cursor", problem="it is not from this list")
    return ObjectId(cursor)
