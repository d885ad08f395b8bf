"""Lists in pages: `?limit=` and an opaque `cursor`, newest or ordered, never an offset.

Keyset pagination: a page continues after the last row's sort key, so inserts and deletes
neither repeat nor skip rows.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

import msgspec
from pydantic import Field
from sqlalchemy import Column, ColumnElement, Integer, Select, and_, bindparam, or_, select

from colonnade.encoded_answers import EncodedAnswer
from colonnade.errors import FieldError, InvalidRequest
from colonnade.messages import Message, Request, ResponseT
from colonnade.moments import utc
from colonnade.operations import Call
from colonnade.policy import Decision, ResourceType, where
from colonnade.presentation import Presentation, encode_plain
from colonnade.rows.read_statement import ReadStatement
from colonnade.rows.row import ROW
from colonnade.store import Session

DEFAULT_LIMIT = 20
MAXIMUM_LIMIT = 100
MAXIMUM_CURSOR = 4_000
"""Characters of a cursor: enough for a sort key of a few hundred characters in any script."""

CURSOR_PATTERN = "^WyI[A-Za-z0-9_-]{4,}$"
"""A JSON array of texts and numbers in base64url (RFC 4648 §5), without padding. It is told, and
not held against: what has another form is refused like a cursor that was never given."""

_MAXIMUM_ORDERS = 1_000

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
    query: "Select[RowT] | ListQuery[RowT]",
    order: Sequence[SortKey],
    request: ListRequest[Any],
    present: Callable[[RowT], ItemT],
) -> Page[ItemT]:
    """The page of `query` that `request` asks for.

    With a `Listing`'s query the statement is compiled once; with a `Presentation` the page goes
    from rows to JSON without a message for each.

    Raises:
        InvalidRequest: when the cursor is not one of this list's.
    """
    name = _fingerprint(order)
    after = None if request.cursor is None else _decode(request.cursor, name, order)
    # One more than is shown says whether there is a next page, without counting.
    limit = request.limit + 1
    if isinstance(query, ListQuery):
        records: Sequence[Any] = query.records(session, order, after, limit)
    else:
        others = [key.column for key in order if not isinstance(key.column, Column)]
        statement = _ordered(query.add_columns(*others), order)
        if after is not None:
            statement = statement.where(_after(order, after))
        records = session.execute(statement.limit(limit))
    shown = records[: request.limit]
    following = None
    if len(records) > request.limit:
        following = _encode(name, _sort_values(shown[-1], order))
    return _page(shown, following, request, present)


def _page(
    shown: Sequence[Any],
    following: str | None,
    request: ListRequest[Any],
    present: Callable[[RowT], ItemT],
) -> Page[ItemT]:
    plain = present.plain if isinstance(present, Presentation) else None
    if plain is None:
        return Page[Any](items=[present(record[0]) for record in shown], next_cursor=following)
    body = encode_plain(_PlainPage([plain(record[0]) for record in shown], following))
    # It stands for the page, and becomes one when somebody looks into it.
    return cast("Page[ItemT]", EncodedAnswer(type(request).__response_type__, body, following))


class _PlainPage(msgspec.Struct):
    items: list[Any]
    next_cursor: str | None


class Listing(Generic[RowT]):
    """A list of rows that a policy narrows, with the filters that requests may choose.

    A filter is a column, to equal what is asked for, or a condition with a `bindparam` of the
    filter's own name; `always` are conditions without one, that hold for everybody:

        COURSES = Listing(CourseRow, COURSE, status=CourseRow.status)

    Statements are built and compiled once for each decision and choice of filters. Without a
    resource type the policy is held against something else before, such as a parent.
    """

    def __init__(
        self,
        row: type[RowT],
        resource_type: ResourceType | None = None,
        *always: ColumnElement[bool],
        **filters: ColumnElement[Any],
    ) -> None:
        self.row = row
        self.resource_type = resource_type
        self.always = always
        self.filters = {name: _filter(name, each) for name, each in filters.items()}

    def query(self, call: Call, **given: Any) -> "ListQuery[RowT]":
        """The rows that the caller may see, narrowed by the filters whose value is not None.

        Raises:
            TypeError: for a filter that the list does not have.
        """
        unknown = given.keys() - self.filters.keys()
        if unknown:
            raise TypeError(f"This list has no filter {', '.join(sorted(unknown))}.")
        values = {name: value for name, value in given.items() if value is not None}
        if self.resource_type is not None:
            call.applied = True
        return ListQuery(self, call.decision, values)


@dataclass(frozen=True, slots=True)
class ListQuery(Generic[RowT]):
    """Query of a list for one call; `values` are those of the filters chosen."""

    listing: Listing[RowT]
    decision: Decision
    values: Mapping[str, Any]
    conditions: tuple[ColumnElement[bool], ...] = ()

    def narrowed(self, *conditions: ColumnElement[bool]) -> "ListQuery[RowT]":
        """The same, for conditions that no filter can say: built for this request alone."""
        return replace(self, conditions=(*self.conditions, *conditions))

    def records(
        self, session: Session, order: Sequence[SortKey], after: Sequence[Any] | None, limit: int
    ) -> Sequence[Any]:
        """The first rows in this order, behind the sort values `after`; each in a record with what
        of its order is no column of it. The rows are read, and cannot be changed."""
        is_first = after is None
        values = {**self.values, "page_limit": limit}
        for position, value in enumerate(after or ()):
            values[f"after_{position}"] = value
        if self.conditions:
            statement = self._statement(order, is_first=is_first).where(*self.conditions)
            return session.execute(statement, values)
        # The order is named by identity: lists of sort keys are constants of a module.
        key = (self.listing, tuple(self.values), id(order), is_first)
        kept, _ = self.decision.derived(
            key, lambda: (ReadStatement(self._statement(order, is_first=is_first)), order)
        )
        return kept.records(session, values)

    def _statement(self, order: Sequence[SortKey], *, is_first: bool) -> Select[Any]:
        listing = self.listing
        others = [key.column for key in order if not isinstance(key.column, Column)]
        statement: Select[Any] = select(listing.row, *others)
        if listing.resource_type is not None:
            statement = statement.where(where(self.decision, listing.resource_type))
        chosen = [listing.filters[name] for name in self.values]
        statement = statement.where(*listing.always, *chosen)
        if not is_first:
            named = [
                bindparam(f"after_{position}", type_=key.column.type)
                for position, key in enumerate(order)
            ]
            statement = statement.where(_after(order, named))
        return _ordered(statement, order).limit(bindparam("page_limit", type_=Integer))


def _filter(name: str, wanted: ColumnElement[Any]) -> ColumnElement[bool]:
    if isinstance(wanted, Column):
        return wanted == bindparam(name, type_=wanted.type)
    return wanted


def _ordered(statement: Select[Any], order: Sequence[SortKey]) -> Select[Any]:
    return statement.order_by(
        *(key.column.desc() if key.descending else key.column.asc() for key in order)
    )


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
    kept = _fingerprints.get(id(order))
    if kept is None or kept[0] is not order:
        if len(_fingerprints) >= _MAXIMUM_ORDERS:
            _fingerprints.clear()
        kept = _fingerprints[id(order)] = (order, _made_fingerprint(order))
    return kept[1]


# An order is a constant of a module: known by its identity, and held, so that it stays that.
_fingerprints: dict[int, tuple[Sequence[SortKey], str]] = {}


def _made_fingerprint(order: Sequence[SortKey]) -> str:
    text = ",".join(f"{key.name}{'-' if key.descending else '+'}" for key in order)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def _name(column: ColumnElement[Any]) -> str:
    if not isinstance(column, Column):
        raise ValueError(f"A sort key that is no column needs a name: {column}.")
    return f"{column.table.info[ROW].__name__}.{column.key}"


def _encode(name: str, values: Sequence[Any]) -> str:
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    parts = [name, *[str(v) if isinstance(v, UUID) else v for v in plain]]
    return base64.urlsafe_b64encode(msgspec.json.encode(parts)).rstrip(b"=").decode()


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
