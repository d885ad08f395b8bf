"""Lists said once: the same pages as a query built for each request, and what they depend on."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import bindparam, delete, select

from colonnade.errors import InvalidRequest
from colonnade.messages import Message
from colonnade.operations import Call
from colonnade.pagination import Listing, ListRequest, Page, SortKey, paginate
from colonnade.policy import Decision, Relation, ResourceType, parse_decision, where
from colonnade.presentation import Presentation
from colonnade.rows import Column, Row, column, tenant_metadata
from colonnade.rows.row_tracking import track_reads
from colonnade.store import Session
from colonnade.text import ESCAPE, containing
from tests.row_sessions import row_sessions


class Base(Row):
    metadata = tenant_metadata()


class Note(Base):
    __tablename__ = "notes"

    id: Column[UUID] = column(primary_key=True)
    title: Column[str]
    rank: Column[int]
    at: Column[datetime]


class Reader(Base):
    __tablename__ = "readers"

    note_id: Column[UUID] = column(primary_key=True)
    name: Column[str] = column(primary_key=True)


class NoteView(Message):
    """A note in a list."""

    id: UUID
    title: str
    at: datetime


class ListNotes(ListRequest[Page[NoteView]]):
    """Lists notes."""


NOTE = ResourceType(
    "note",
    fields={"id": Note.id, "title": Note.title, "rank": Note.rank},
    relations={"reads": Relation(Reader, "note_id", "name")},
)
NOTES = Listing(
    Note,
    NOTE,
    Note.rank >= 0,
    rank=Note.rank,
    title=Note.title.like(bindparam("title"), escape=ESCAPE),
)
ORDERS: list[list[SortKey]] = [
    [SortKey(Note.id)],
    [SortKey(Note.rank, descending=True), SortKey(Note.id)],
    [SortKey(Note.at), SortKey(Note.title, descending=True), SortKey(Note.id)],
    [SortKey(Note.rank + 1, name="next"), SortKey(Note.id)],
]
present_note = Presentation[Note, NoteView](NoteView)
START = datetime(2030, 1, 1, tzinfo=UTC)
titles = st.sampled_from(["", "a", "ab", "%", "_", "/", "a_b", "\u00e4", "A"])
notes = st.lists(
    st.builds(
        Note,
        id=st.uuids(version=4),
        title=titles,
        rank=st.integers(-1, 3),
        at=st.integers(0, 2).map(lambda n: START + timedelta(microseconds=n)),
    ),
    max_size=12,
    unique_by=lambda note: note.id,
)
conditions = st.one_of(
    st.builds(
        lambda op, value: {"field": "rank", "op": op, "value": value},
        st.sampled_from(["eq", "ne", "lt", "gte"]),
        st.integers(0, 3),
    ),
    st.builds(
        lambda op, values: {"field": "title", "op": op, "value": values},
        st.sampled_from(["in", "not_in"]),
        st.lists(titles, max_size=3) | st.just([str(number) for number in range(40)]),
    ),
    st.builds(
        lambda name: {
            "field": "id", "op": "related", "value": {"relation": "reads", "subject": name}
        },
        st.sampled_from(["ada", "bob"]),
    ),
)  # fmt: skip
grants = st.lists(st.lists(conditions, max_size=2), min_size=1, max_size=2)
denies = st.lists(st.lists(conditions, min_size=1, max_size=1), max_size=1)


def decision_of(granted: list[Any], denied: list[Any] | None = None) -> Decision:
    said = {"grants": granted, "deny": denied or [], "masks": [], "expires_at": None}
    return parse_decision(said, action="note.read", resource_type="note")


def call_of(decision: Decision) -> Call:
    made: Any = SimpleNamespace(decision=decision, applied=False)
    return made  # type: ignore[no-any-return]


NewSession = Callable[[], Session]


@pytest.fixture(scope="module")
def new_session() -> Iterator[NewSession]:
    with row_sessions(Base.metadata) as make:

        def empty() -> Session:
            session = make()
            for table in (Note, Reader):
                session.execute(delete(table))
            return session

        yield empty


def fill(session: Session, kept: list[Note]) -> None:
    for position, note in enumerate(kept):
        session.add(Note(id=note.id, title=note.title, rank=note.rank, at=note.at))
        session.add(Reader(note_id=note.id, name="ada" if position % 2 else "bob"))
    session.flush()


@settings(max_examples=150)
@given(
    notes,
    grants,
    denies,
    st.sampled_from(ORDERS),
    st.none() | st.integers(0, 3),
    st.none() | titles,
    st.integers(1, 4),
)
def test_pages_are_those_of_a_query_built_for_the_request(
    new_session: NewSession,
    kept: list[Note],
    granted: list[Any],
    denied: list[Any],
    order: list[SortKey],
    rank: int | None,
    part: str | None,
    limit: int,
) -> None:
    """Item by item and cursor by cursor, to the last page."""
    session = new_session()
    fill(session, kept)
    decision = decision_of(granted, denied)
    built = select(Note).where(where(decision, NOTE), Note.rank >= 0)
    if rank is not None:
        built = built.where(Note.rank == rank)
    if part is not None:
        built = built.where(Note.title.contains(part, autoescape=True))
    pattern = None if part is None else containing(part)
    cursor = None
    while True:
        request = ListNotes(limit=limit, cursor=cursor)
        call = call_of(decision)
        query = NOTES.query(call, rank=rank, title=pattern)
        page = paginate(session, query, order, request, present_note)
        expected = paginate(session, built, order, request, lambda row: present_note(row))
        assert page.encode() == expected.encode()
        assert page.next_cursor == expected.next_cursor
        assert call.applied
        if (cursor := page.next_cursor) is None:
            return


def test_a_page_that_stands_for_itself_becomes_one_when_it_is_looked_into(
    new_session: NewSession,
) -> None:
    session = new_session()
    note = Note(id=UUID(int=1), title="a", rank=1, at=START)
    fill(session, [note])
    page = paginate(
        session, NOTES.query(call_of(decision_of([[]]))), ORDERS[0], ListNotes(), present_note
    )
    assert page.items == [NoteView(id=note.id, title="a", at=START)]
    assert page == Page[NoteView](items=page.items)
    assert page.model_copy(update={"items": []}).items == []
    assert not hasattr(page, "version")


def test_one_decision_builds_a_choice_of_filters_once(
    new_session: NewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = new_session()
    decision = decision_of([[]])
    built = []
    make = Decision.derived

    def counted(self: Decision, key: Any, maker: Callable[[], Any]) -> Any:
        return make(self, key, lambda: built.append(key) or maker())

    monkeypatch.setattr(Decision, "derived", counted)
    for rank in (1, 2, None, 3, None):
        query = NOTES.query(call_of(decision), rank=rank)
        paginate(session, query, ORDERS[0], ListNotes(), present_note)
    lists = [key for key in built if key[0] is NOTES]
    assert len(lists) == 2


def test_a_page_depends_on_every_table_that_decides_about_it(new_session: NewSession) -> None:
    """A cached page is dropped when a row of one of them changes, projections included."""
    make = new_session()
    related = {"field": "id", "op": "related", "value": {"relation": "reads", "subject": "ada"}}
    for granted, tables in (([[]], {"notes"}), ([[related]], {"notes", "readers"})):
        decision = decision_of(granted)
        for _ in range(2):
            with track_reads() as reads:
                session = Session(make.driver, service="x", tenant="acme", clock=_Clock())
                paginate(
                    session, NOTES.query(call_of(decision)), ORDERS[0], ListNotes(), present_note
                )
            assert reads.tables == tables


class _Clock:
    def now(self) -> datetime:
        return START

    def monotonic(self) -> float:
        return 0.0


def test_a_filter_that_the_list_does_not_have_is_a_mistake_of_the_code() -> None:
    with pytest.raises(TypeError, match="no filter status"):
        NOTES.query(call_of(decision_of([[]])), status="x")


def test_a_cursor_of_another_list_is_refused(new_session: NewSession) -> None:
    session = new_session()
    fill(session, [Note(id=UUID(int=n), title="", rank=1, at=START) for n in range(3)])
    query = NOTES.query(call_of(decision_of([[]])))
    page = paginate(session, query, ORDERS[0], ListNotes(limit=1), present_note)
    with pytest.raises(InvalidRequest):
        paginate(session, query, ORDERS[1], ListNotes(cursor=page.next_cursor), present_note)
