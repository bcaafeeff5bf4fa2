"""Cursor pagination of jobs and sources, in several orders."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from typing import Any, Literal

from mongoengine import Q

from gifapp import errors
from gifapp.mongodb import read_page

Moment = Literal["created_at", "finished_at"]
Measure = Literal["gif.bytes", "gif.duration_s"]


@dataclass(frozen=True)
class Order:
    """An order of documents by a field, and by id among equals; those without a measure come last.

    A cursor is the field's value in a page's last document, a hyphen and that document's id.
    """

    field: Moment | Measure
    is_descending: bool = True

    def applied_to(self, chosen: Any) -> Any:
        """The chosen documents in this order."""
        sign = "-" if self.is_descending else "+"
        return chosen.order_by(f"{sign}{self.field}", f"{sign}id")

    def after(self, cursor: str) -> Q:
        """The documents after the cursor.

        Raises:
            errors.FieldInvalid: the cursor is not one of this order.
        """
        value, last_id = self._place_of(cursor)
        field = self.field.replace(".", "__")
        beyond = "lt" if self.is_descending else "gt"
        among_equals = Q(**{field: value, f"id__{beyond}": last_id})
        if value is None:
            return among_equals
        later = Q(**{f"{field}__{beyond}": value}) | among_equals
        return later if self._is_time else later | Q(**{field: None})

    def cursor_after(self, document: Any) -> str:
        value: Any = reduce(lambda part, name: part and part[name], self.field.split("."), document)
        if value is None:
            return f"-{document.id}"
        number = f"{value.timestamp() * 1000:.0f}" if self._is_time else repr(float(value))
        return f"{number}-{document.id}"

    @property
    def _is_time(self) -> bool:
        return self.field in ("created_at", "finished_at")

    def _place_of(self, cursor: str) -> tuple[datetime | float | None, str]:
        number, hyphen, last_id = cursor.rpartition("-")
        try:
            if self._is_time:
                return datetime.fromtimestamp(int(number) / 1000, UTC), last_id
            if hyphen and (not number or math.isfinite(float(number))):
                return float(number) if number else None, last_id
        except (ValueError, OverflowError, OSError):
            pass
        raise errors.FieldInvalid(field="cursor", problem="is not a cursor from an earlier page")


def page_of(
    chosen: Any,
    order: Order,
    *,
    cursor: str | None,
    limit: int,
    size_of: Callable[[Any], int] = lambda _: 0,
) -> tuple[list[Any], str | None]:
    """A page of the chosen documents, shorter if they are large, and the cursor of the next page, if any.

    Raises:
        errors.FieldInvalid: the cursor is not one that a page in this order returned.
    """
    if cursor:
        chosen = chosen.filter(order.after(cursor))
    page, has_more = read_page(order.applied_to(chosen), limit, size_of)
    return page, order.cursor_after(page[-1]) if has_more else None
