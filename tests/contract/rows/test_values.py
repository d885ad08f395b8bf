"""Values: what is written comes back, whether the layer or SQLAlchemy's own connection does it."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import bindparam, insert, select, update

from colonnade.rows import prepare
from colonnade.store import Session
from tests.contract.rows.support.all_types import FILLED, VALUES, Everything
from tests.contract.rows.support.row_databases import Rows

TABLE = Everything.__table__
NAMES = tuple(VALUES)

SELECT_ALL = prepare(select(Everything))
SELECT_COLUMNS = prepare(select(*(TABLE.c[name] for name in NAMES)))
INSERT = prepare(insert(Everything), columns=("id", *NAMES))
UPDATE = prepare(update(Everything).values({name: bindparam(f"new_{name}") for name in NAMES}))

# Each example undoes what it wrote.
example_by_example = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=40,
)


def by_sqlalchemy(session: Session) -> dict[str, Any]:
    """What `Connection.execute` reads."""
    found = session.driver.run(select(*(TABLE.c[name] for name in NAMES)), None)
    return dict(found.mappings().one())


def of(row: Everything | None) -> dict[str, Any]:
    assert row is not None
    return {name: getattr(row, name) for name in NAMES}


def emptied(rows: Rows, session: Session) -> Session:
    """A session that knows nothing, on a table without rows."""
    session.driver.run(TABLE.delete(), None)
    return rows.beside(session.driver)


@example_by_example
@given(values=FILLED)
def test_what_the_layer_writes_is_read_back_by_it_and_by_sqlalchemy(
    rows: Rows, session: Session, values: dict[str, Any]
) -> None:
    writing = emptied(rows, session)
    writing.add(Everything(id=1, **values))
    writing.flush()
    assert by_sqlalchemy(session) == values
    assert of(rows.beside(session.driver).get(Everything, 1)) == values
    assert of(rows.beside(session.driver).scalars(SELECT_ALL).one()) == values
    assert of(rows.beside(session.driver).scalars(select(Everything)).one()) == values
    assert session.execute(SELECT_COLUMNS).one() == tuple(values[name] for name in NAMES)


@example_by_example
@given(values=FILLED)
def test_what_sqlalchemy_writes_is_read_by_the_layer(
    rows: Rows, session: Session, values: dict[str, Any]
) -> None:
    reading = emptied(rows, session)
    session.driver.run(insert(TABLE), {"id": 1, **values})
    assert of(reading.get(Everything, 1)) == values
    assert of(rows.beside(session.driver).scalars(SELECT_ALL).one()) == values
    assert session.execute(SELECT_COLUMNS).one() == tuple(values[name] for name in NAMES)


@example_by_example
@given(before=FILLED, after=FILLED)
def test_what_is_changed_row_by_row_or_by_statement_is_what_is_read(
    rows: Rows, session: Session, before: dict[str, Any], after: dict[str, Any]
) -> None:
    writing = emptied(rows, session)
    writing.execute(INSERT, [{"id": 1, **before}, {"id": 2, **before}])
    row = writing.get_one(Everything, 1)
    for name, value in after.items():
        setattr(row, name, value)
    writing.upsert(Everything(id=2, **after))
    writing.flush()
    assert [of(each) for each in rows.beside(session.driver).scalars(SELECT_ALL)] == [after] * 2
    session.execute(UPDATE, {f"new_{name}": value for name, value in before.items()})
    assert [of(each) for each in rows.beside(session.driver).scalars(SELECT_ALL)] == [before] * 2


@example_by_example
@given(values=FILLED, name=st.sampled_from(sorted({*NAMES} - {"document"})))
def test_a_value_is_found_by_what_it_is(
    rows: Rows, session: Session, values: dict[str, Any], name: str
) -> None:
    # Documents are not compared by databases, and nothing equals nothing.
    found = [] if values[name] is None else [1]
    writing = emptied(rows, session)
    writing.add(Everything(id=1, **values))
    same = select(Everything.id).where(TABLE.c[name] == bindparam("value"))
    assert writing.scalars(prepare(same), {"value": values[name]}).all() == found
    assert writing.scalars(same, {"value": values[name]}).all() == found
