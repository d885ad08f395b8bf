"""A list shows exactly what a read would permit: properties over generated rows and decisions."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from policy_vocabulary import COURSE, Base, CourseRow, EnrolledRow, Level, TeachesRow
from sqlalchemy import delete, func, not_, select
from sqlalchemy.dialects import postgresql

from colonnade.policy import Outcome, evaluate, parse_decision, permits, where
from colonnade.store import Session
from tests.row_sessions import row_sessions

IDS = [UUID(int=number) for number in range(1, 5)]
TIMES = [datetime(2025, 1, 1, tzinfo=UTC) + timedelta(hours=hour) for hour in range(3)]

ids = st.sampled_from(IDS)
texts = st.sampled_from(["", "draft", "published", "Draft", "1", "true", "e\u0301", "\u00e9"])
json_values = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([-1, 0, 1, 2, 2**31, 2**70, 1.0, 0.5]),
    texts,
    ids.map(str),
    ids.map(lambda value: str(value).upper()),
    st.sampled_from(["basic", "EXPERT", "\x00", "\ud800", "2025-01-01T01:00:00Z"]),
    st.sampled_from(TIMES).map(
        lambda time: time.astimezone(timezone(timedelta(hours=3))).isoformat()
    ),
)
rows = st.builds(
    CourseRow,
    id=st.just(IDS[0]),
    status=st.none() | texts,
    owner_id=st.none() | ids,
    seats=st.none() | st.sampled_from([-1, 0, 1, 2]),
    public=st.none() | st.booleans(),
    level=st.none() | st.sampled_from(Level),
    starts_at=st.none() | st.sampled_from(TIMES),
)


def condition(operator: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    fields = st.sampled_from([*COURSE.fields, *COURSE.fields, "nonsense"])
    return st.fixed_dictionaries({"field": fields, "op": st.just(operator), "value": values})


relation_values = st.fixed_dictionaries(
    {"relation": st.sampled_from(["enrolled", "teaches", "deputy"]), "subject": ids.map(str)}
)
related = st.fixed_dictionaries(
    {
        "field": st.sampled_from(["id", "owner_id"]),
        "op": st.just("related"),
        "value": relation_values,
    }
)
conditions = st.one_of(
    *[condition(operator, json_values) for operator in ("eq", "ne", "lt", "lte", "gt", "gte")],
    *[condition(op, st.lists(json_values, max_size=3)) for op in ("in", "not_in")],
    related,
    related,
)


def fitting(field: str, values: list[Any]) -> st.SearchStrategy[dict[str, Any]]:
    value = st.sampled_from(values)
    return st.one_of(
        st.fixed_dictionaries(
            {"field": st.just(field), "op": st.sampled_from(["eq", "ne"]), "value": value}
        ),
        st.fixed_dictionaries(
            {
                "field": st.just(field),
                "op": st.sampled_from(["in", "not_in"]),
                "value": st.lists(value, max_size=3),
            }
        ),
    )


fitting_conditions = st.one_of(
    fitting("status", ["draft", "published", None]),
    fitting("owner_id", [str(value) for value in IDS]),
    fitting("seats", [0, 1, 2, 1.0]),
    fitting("public", [True, False]),
    fitting("level", ["basic", "expert"]),
    fitting("starts_at", [time.isoformat() for time in TIMES]),
    related,
)


def lists_of(items: st.SearchStrategy[Any]) -> st.SearchStrategy[list[list[Any]]]:
    return st.lists(st.lists(items, max_size=3), max_size=3)


def decisions(items: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "grants": lists_of(items),
            "deny": lists_of(items),
            "masks": st.just([]),
            "expires_at": st.none(),
        }
    )


NewSession = Callable[[], Session]


@pytest.fixture(scope="module")
def new_session() -> Iterator[NewSession]:
    with row_sessions(Base.metadata) as make:
        yield make


def fill(
    session: Session,
    courses: list[CourseRow],
    enrolled: set[tuple[UUID, UUID]],
    teaches: set[tuple[UUID, UUID]],
) -> None:
    for table in (CourseRow, EnrolledRow, TeachesRow):
        session.execute(delete(table))
    for row, identifier in zip(courses, IDS, strict=False):
        copy = {name: getattr(row, name) for name in COURSE.fields if name != "id"}
        session.add(CourseRow(id=identifier, **copy))
    for course, user in enrolled:
        status = "active" if user.int % 2 else "ended"
        session.add(EnrolledRow(course_id=course, user_id=user, status=status))
    for course, user in teaches:
        session.add(TeachesRow(course_id=course, user_id=str(user)))
    session.flush()


pairs = st.sets(st.tuples(ids, ids), max_size=6)
parts = [{"field": "status", "op": "ne", "value": "draft"}]


@settings(max_examples=400, deadline=None)
@given(
    courses=st.lists(rows, max_size=4),
    enrolled=pairs,
    teaches=pairs,
    data=decisions(conditions) | decisions(fitting_conditions),
)
@example(
    courses=[CourseRow(id=IDS[0], status=None)],
    enrolled=set(),
    teaches=set(),
    data={"grants": [[]], "deny": [parts], "masks": [], "expires_at": None},
)
def test_a_list_selects_exactly_the_rows_that_a_read_permits(
    new_session: NewSession,
    courses: list[CourseRow],
    enrolled: set[tuple[UUID, UUID]],
    teaches: set[tuple[UUID, UUID]],
    data: dict[str, Any],
) -> None:
    """`where` and `permits` agree, nulls, denies, relations and misfits included."""
    decision = parse_decision(data, action="course.read", resource_type="course")
    session = new_session()
    fill(session, courses, enrolled, teaches)
    stored = session.scalars(select(CourseRow)).all()
    lookup = COURSE.related_in(session)
    permitted = {
        row.id for row in stored if permits(decision, COURSE, COURSE.attributes(row), lookup)
    }
    criterion = where(decision, COURSE)
    listed = set(session.scalars(select(CourseRow.id).where(criterion)))
    others = set(session.scalars(select(CourseRow.id).where(not_(criterion))))
    assert listed == permitted
    assert others == {row.id for row in stored} - permitted
    for row in stored:
        alone = evaluate(decision, COURSE, COURSE.attributes(row))
        expected = Outcome.PERMITTED if row.id in permitted else Outcome.REFUSED
        assert alone in {expected, Outcome.NEEDS_RELATIONS}


@settings(max_examples=100, deadline=None)
@given(data=decisions(conditions))
def test_every_filter_renders_for_postgresql(data: dict[str, Any]) -> None:
    """The same filter compiles on the other dialect, without a literal null to trip over."""
    decision = parse_decision(data, action="course.read", resource_type="course")
    statement = select(func.count()).select_from(CourseRow).where(where(decision, COURSE))
    rendered = str(statement.compile(dialect=postgresql.dialect()))
    assert "= NULL" not in rendered
    assert "!= NULL" not in rendered


@settings(max_examples=100, deadline=None)
@given(courses=st.lists(rows, max_size=4), data=decisions(fitting_conditions))
def test_attributes_as_json_decide_like_attributes_as_python_values(
    courses: list[CourseRow], data: dict[str, Any]
) -> None:
    """A cache may hold ids, times and enum members as text."""
    decision = parse_decision(data, action="course.read", resource_type="course")
    for row in courses:
        plain = COURSE.attributes(row)
        as_text = {
            name: value.isoformat()
            if isinstance(value, datetime)
            else str(value)
            if isinstance(value, UUID | Level)
            else value
            for name, value in plain.items()
        }
        assert evaluate(decision, COURSE, as_text) is evaluate(decision, COURSE, plain)
