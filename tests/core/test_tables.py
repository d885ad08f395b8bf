"""What every service's tables are made of."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, select
from sqlalchemy.exc import OperationalError

from colonnade.rows import (
    Column,
    Identified,
    Row,
    Timestamped,
    UtcDateTime,
    Versioned,
    column,
    tenant_metadata,
)
from colonnade.tables import PlatformBase


class Base(Row):
    metadata = tenant_metadata()


class Thing(Base, Identified, Versioned, Timestamped):
    __tablename__ = "things"

    name: Column[str] = column(unique=True)


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
