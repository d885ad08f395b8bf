"""Lists in pages: `?limit=` and an opaque `cursor`, newest or ordered, never an offset.

Keyset pagination: a page continues after the last row's sort key, so inserts and deletes
neither repeat nor skip rows.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import Field
from sqlalchemy import Column, ColumnElement, Select, and_, or_

from colonnade.errors import FieldError, InvalidRequest
from colonnade.messages import Message, Request, ResponseT
from colonnade.moments import utc
from colonnade.rows.row import ROW
from colonnade.store import Session

DEFAULT_LIMIT = 20
MAXIMUM_LIMIT = 100
MAXIMUM_CURSOR = 4_000
"""Characters of a cursor: enough for a sort key of a few hundred characters in any script."""

CURSOR_PATTERN = "^WyI[A-Za-z0-9_-]{4,}$"
"""A JSON array of texts and numbers in base64url (RFC 4648 §5), without padding. It is told, and
not held against: what has another form is refused like a cursor that was never given."""

ItemT = TypeVar("ItemT", bound=Message)
RowT = TypeVar("RowT")


class Page(Message, Generic[ItemT]):
    """One page of a list. `next_cursor` is null on the last one."""

    items: list[ItemT]
    next_cursor: str | None = None


class ListRequest(Request[ResponseT], Generic[ResponseT]):
    """Parameters that every list takes."""

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAXIMUM_LIMIT, description="Items per page.")
    cursor: str | None = Field(
        None, max_length=MAXIMUM_CURSOR, description="`next_cursor` of the last page."
    )


class SortKey:
    """One column of an order; `descending` turns it round. The last one must be unique.

    An expression that is no column of the row needs a `name`, which is part of cursors.
    """

    def __init__(
        self, column: ColumnElement[Any], *, descending: bool = False, name: str | None = None
    ) -> None:
        self.column = column
        self.descending = descending
        self.name = name or _name(column)


def paginate(
    session: Session,
    query: Select[RowT],
    order: Sequence[SortKey],
    request: ListRequest[Any],
    present: Callable[[RowT], ItemT],
) -> Page[ItemT]:
    """The page of `query` that `request` asks for.

    Raises:
        InvalidRequest: when the cursor is not one of this list's.
    """
    name = _fingerprint(order)
    if request.cursor is not None:
        values = _decode(request.cursor, name, order)
        query = query.where(_after(order, values))
    ordering = [key.column.desc() if key.descending else key.column.asc() for key in order]
    # One more than is shown says whether there is a next page, without counting.
    others = [key.column for key in order if not isinstance(key.column, Column)]
    limited = query.order_by(*ordering).limit(request.limit + 1)
    records: Sequence[Any] = session.execute(limited.add_columns(*others))
    shown = records[: request.limit]
    following = None
    if len(records) > request.limit:
        following = _encode(name, _sort_values(shown[-1], order))
    return Page[Any](items=[present(record[0]) for record in shown], next_cursor=following)


def _sort_values(record: Sequence[Any], order: Sequence[SortKey]) -> list[Any]:
    row, *others = record
    following = iter(others)
    return [
        getattr(row, key.column.key) if isinstance(key.column, Column) else next(following)
        for key in order
    ]


def _after(order: Sequence[SortKey], values: Sequence[Any]) -> Any:
    # Not a row comparison, (a, b) > (x, y): columns of one order may point in different directions.
    alternatives = []
    for position, key in enumerate(order):
        equal = [order[i].column == values[i] for i in range(position)]
        value = values[position]
        further = key.column < value if key.descending else key.column > value
        alternatives.append(and_(*equal, further))
    return or_(*alternatives)


def _fingerprint(order: Sequence[SortKey]) -> str:
    text = ",".join(f"{key.name}{'-' if key.descending else '+'}" for key in order)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def _name(column: ColumnElement[Any]) -> str:
    if not isinstance(column, Column):
        raise ValueError(f"A sort key that is no column needs a name: {column}.")
    return f"{column.table.info[ROW].__name__}.{column.key}"


def _encode(name: str, values: Sequence[Any]) -> str:
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    parts = [name, *[str(v) if isinstance(v, UUID) else v for v in plain]]
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _decode(cursor: str, name: str, order: Sequence[SortKey]) -> list[Any]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if not isinstance(parts, list) or len(parts) != len(order) + 1 or parts[0] != name:
            raise ValueError("not a cursor of this list")
        return [_typed(key, part) for key, part in zip(order, parts[1:], strict=True)]
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise InvalidRequest(
            "The cursor is not one that this list gave out; start again without it.",
            fields=[FieldError("?cursor", "not a cursor of this list", "cursor")],
        ) from None


def _typed(key: SortKey, value: Any) -> Any:
    wanted = key.column.type.python_type
    if wanted is UUID and isinstance(value, str):
        return UUID(value)
    if wanted is datetime:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("a time without a zone")
        return utc(moment)
    if wanted is int and (isinstance(value, bool) or not isinstance(value, int)):
        raise ValueError("not an integer")
    if wanted is int and not -(2**63) <= value < 2**63:
        raise ValueError("too large")
    if not isinstance(value, wanted):
        raise ValueError("of another type")
    if isinstance(value, str):
        value.encode()  # no database takes half a surrogate pair
    return value
