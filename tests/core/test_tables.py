"""What every service's tables are made of."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import StaticPool, create_engine, select
from sqlalchemy.exc import OperationalError, StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from colonnade.clock import SystemClock
from colonnade.store import Session
from colonnade.tables import (
    PLACEHOLDER_SCHEMA,
    TYPES,
    Identified,
    PlatformBase,
    Timestamped,
    UtcDateTime,
    Versioned,
    tenant_metadata,
)


class Base(DeclarativeBase):
    metadata = tenant_metadata()
    type_annotation_map = TYPES


class Thing(Base, Identified, Versioned, Timestamped):
    __tablename__ = "things"

    name: Mapped[str] = mapped_column(unique=True)


@pytest.fixture
def session() -> Any:
    engine = create_engine("sqlite://", poolclass=StaticPool).execution_options(
        schema_translate_map={PLACEHOLDER_SCHEMA: None}
    )
    Base.metadata.create_all(engine)
    with engine.connect() as connection, _session(connection) as found:
        yield found
    engine.dispose()


def _session(connection: Any) -> Session:
    return Session(connection, service="things", tenant="acme", clock=SystemClock())


zones = st.builds(timezone, st.timedeltas(timedelta(hours=-23), timedelta(hours=23)))
# A day off both ends, so that every instant exists in every zone.
moments = st.datetimes(
    datetime(1, 1, 2),  # noqa: DTZ001
    datetime(9999, 12, 30),  # noqa: DTZ001
    timezones=zones,
)


@given(moment=moments)
def test_an_instant_comes_back_as_the_same_instant_in_utc(moment: datetime) -> None:
    column: UtcDateTime = UtcDateTime()
    stored = column.process_bind_param(moment, None)  # type: ignore[arg-type]
    found = column.process_result_value(stored, None)  # type: ignore[arg-type]
    assert found == moment
    assert found is not None
    assert found.tzinfo is UTC


@given(one=moments, other=moments)
def test_stored_instants_sort_as_text_as_they_do_in_time(one: datetime, other: datetime) -> None:
    column: UtcDateTime = UtcDateTime()
    texts = [
        str(column.process_bind_param(m, None).isoformat(timespec="microseconds"))  # type: ignore[arg-type,union-attr]
        for m in (one, other)
    ]
    assert (texts[0] < texts[1]) == (one < other)


def test_a_time_without_a_zone_is_refused(session: Session) -> None:
    query = select(Thing).where(Thing.created_at == datetime(2030, 1, 1))  # noqa: DTZ001
    with pytest.raises(StatementError, match="without a zone"):
        session.execute(query)


def test_an_identified_row_gets_a_uuid_of_version_seven(session: Session) -> None:
    thing = Thing(name="a")
    session.add(thing)
    session.flush()
    assert thing.id.version == 7


def test_a_row_says_when_it_was_made_and_last_changed(session: Session) -> None:
    thing = Thing(name="a")
    session.add(thing)
    session.flush()
    made = session.now
    session.now += timedelta(hours=1)
    thing.name = "b"
    session.flush()
    assert (thing.created_at, thing.updated_at) == (made, session.now)


def test_a_row_set_to_what_it_is_has_not_changed(session: Session) -> None:
    thing = Thing(name="a")
    session.add(thing)
    session.flush()
    made = session.now
    session.now += timedelta(hours=1)
    thing.name = "a"
    session.flush()
    assert (thing.updated_at, thing.version) == (made, 1)


def test_constraints_have_stable_names() -> None:
    names = {
        str(constraint.name) for constraint in Base.metadata.tables["tenant.things"].constraints
    }
    assert names == {"pk_things", "uq_things_name"}


@pytest.mark.parametrize("table", sorted(PlatformBase.metadata.tables))
def test_a_statement_that_forgot_its_tenant_fails(table: str) -> None:
    engine = create_engine("sqlite://")
    with (
        engine.connect() as connection,
        pytest.raises(OperationalError, match="no such table: tenant"),
    ):
        connection.execute(select(PlatformBase.metadata.tables[table]))
