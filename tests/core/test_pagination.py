"""Lists in pages: together they are the list, and nobody can talk a cursor into anything."""

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select

from colonnade.errors import InvalidRequest
from colonnade.messages import Message
from colonnade.pagination import MAXIMUM_CURSOR, ListRequest, Page, SortKey, paginate
from colonnade.rows import Column, Row, column, tenant_metadata
from colonnade.store import Session
from tests.row_sessions import row_sessions


class Base(Row):
    metadata = tenant_metadata()


class Note(Base):
    __tablename__ = "notes"

    id: Column[UUID] = column(primary_key=True)
    title: Column[str]
    rank: Column[int]
    at: Column[datetime]


class NoteView(Message):
    """A note in a list."""

    id: UUID


class ListNotes(ListRequest[Page[NoteView]]):
    """Lists notes."""


ORDERS: list[list[SortKey]] = [
    [SortKey(Note.id)],
    [SortKey(Note.id, descending=True)],
    [SortKey(Note.title), SortKey(Note.id)],
    [SortKey(Note.rank, descending=True), SortKey(Note.id)],
    [SortKey(Note.at, descending=True), SortKey(Note.rank), SortKey(Note.id, descending=True)],
    [SortKey(Note.title, descending=True), SortKey(Note.at), SortKey(Note.id)],
]
START = datetime(2030, 1, 1, tzinfo=UTC)
text = st.text(st.characters(codec="utf-8"), max_size=200)
few = st.integers(0, 3)
notes = st.lists(
    st.builds(
        Note,
        id=st.uuids(version=4),
        title=st.one_of(st.sampled_from(["", "a", "ä", "B"]), text),
        rank=st.one_of(few, st.integers(-(2**63), 2**63 - 1)),
        at=few.map(lambda n: START + timedelta(microseconds=n)),
    ),
    max_size=25,
    unique_by=lambda note: note.id,
)


NewSession = Callable[[], Session]


@pytest.fixture(scope="module")
def new_session() -> Iterator[NewSession]:
    with row_sessions(Base.metadata) as make:

        def empty() -> Session:
            session = make()
            session.execute(delete(Note))
            return session

        yield empty


def page(
    session: Session, order: Sequence[SortKey], limit: int, cursor: str | None = None
) -> Page[NoteView]:
    request = ListNotes(limit=limit, cursor=cursor)
    return paginate(session, select(Note), order, request, lambda row: NoteView(id=row.id))


def every_page(session: Session, order: Sequence[SortKey], limit: int) -> Iterator[Page[NoteView]]:
    cursor = None
    while True:
        found = page(session, order, limit, cursor)
        yield found
        cursor = found.next_cursor
        if cursor is None:
            return


def in_order(session: Session, order: Sequence[SortKey]) -> list[UUID]:
    columns = [key.column.desc() if key.descending else key.column.asc() for key in order]
    return list(session.scalars(select(Note.id).order_by(*columns)))


@given(rows=notes, order=st.sampled_from(ORDERS), limit=st.integers(1, 7))
def test_all_pages_together_are_the_ordered_list(
    new_session: NewSession, rows: list[Note], order: list[SortKey], limit: int
) -> None:
    session = new_session()
    session.add_all(rows)
    session.flush()
    pages = list(every_page(session, order, limit))
    assert [item.id for found in pages for item in found.items] == in_order(session, order)
    assert all(len(found.items) == limit for found in pages[:-1])
    assert all(len(found.next_cursor or "") <= MAXIMUM_CURSOR for found in pages)


@given(rows=notes, order=st.sampled_from(ORDERS), data=st.data())
def test_a_deletion_between_two_pages_neither_skips_nor_repeats_a_row(
    new_session: NewSession, rows: list[Note], order: list[SortKey], data: st.DataObject
) -> None:
    session = new_session()
    session.add_all(rows)
    session.flush()
    expected = in_order(session, order)
    first = page(session, order, 3)
    shown = [item.id for item in first.items]
    if shown:
        gone = data.draw(st.sampled_from(shown))
        session.delete(session.get_one(Note, gone))
        session.flush()
    if first.next_cursor is not None:
        rest = page(session, order, 100, first.next_cursor)
        shown += [item.id for item in rest.items]
    assert shown == expected


@given(text=st.text(max_size=300))
def test_a_cursor_from_nowhere_is_refused(new_session: NewSession, text: str) -> None:
    session = new_session()
    for order in ORDERS:
        with pytest.raises(InvalidRequest, match="cursor"):
            page(session, order, 3, text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
TIMES = st.sampled_from(["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2030-01-01"])


@given(order=st.sampled_from(ORDERS), data=st.data())
def test_a_cursor_with_forged_values_is_refused_or_harmless(
    new_session: NewSession, order: list[SortKey], data: st.DataObject
) -> None:
    """Whoever knows the form can fill in anything: never an error of the database's."""
    session = new_session()
    session.add_all([Note(id=UUID(int=n), title=str(n), rank=n, at=START) for n in (1, 2)])
    session.flush()
    genuine = page(session, order, 1).next_cursor or ""
    name = json.loads(base64.urlsafe_b64decode(genuine + "=" * (-len(genuine) % 4)))[0]
    values = [data.draw(JSON | TIMES | st.just("\ud800")) for _ in order]
    forged = base64.urlsafe_b64encode(json.dumps([name, *values]).encode()).decode()
    try:
        found = page(session, order, 3, forged.rstrip("="))
    except InvalidRequest as error:
        assert [field.pointer for field in error.fields] == ["?cursor"]
    else:
        assert len(found.items) <= 2


def test_a_cursor_of_another_list_is_refused(new_session: NewSession) -> None:
    session = new_session()
    session.add_all([Note(id=UUID(int=n), title="", rank=n, at=START) for n in (1, 2)])
    session.flush()
    cursor = page(session, ORDERS[0], 1).next_cursor
    for order in ORDERS[1:]:
        with pytest.raises(InvalidRequest):
            page(session, order, 1, cursor)


@pytest.mark.parametrize("limit", [0, -1, 101, 10**30])
def test_a_limit_outside_the_stated_bounds_is_refused(limit: int) -> None:
    with pytest.raises(ValueError, match="limit"):
        ListNotes(limit=limit)
