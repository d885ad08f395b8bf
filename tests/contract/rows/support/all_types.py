"""Columns of every type that services keep, and the values that each may hold."""

import enum
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from sqlalchemy import JSON, Double, Enum, Float, Integer, LargeBinary, String

from colonnade.rows import Column, Row, column, tenant_metadata
from colonnade.rows.columns import TYPES


class Colour(enum.Enum):
    """Values that a database may know by their names."""

    RED = "r"
    GREEN = "g"


class TypesBase(Row):
    metadata = tenant_metadata()


class Everything(TypesBase):
    """A row with a column of each type, each of which may be empty."""

    __tablename__ = "everything"

    id: Column[int] = column(Integer, primary_key=True)
    moment: Column[datetime | None] = column(default=None)
    unique_id: Column[UUID | None] = column(default=None)
    octets: Column[bytes | None] = column(default=None)
    large: Column[bytes | None] = column(LargeBinary, default=None)
    words: Column[str | None] = column(default=None)
    line: Column[str | None] = column(String(50), default=None)
    whole: Column[int | None] = column(default=None)
    small: Column[int | None] = column(Integer, default=None)
    flag: Column[bool | None] = column(default=None)
    ratio: Column[float | None] = column(default=None)
    measure: Column[float | None] = column(Double, default=None)
    short_float: Column[float | None] = column(Float(53), default=None)
    document: Column[Any] = column(JSON, default=None)
    colour: Column[Colour | None] = column(Enum(Colour), default=None)
    plain_colour: Column[Colour | None] = column(Enum(Colour, native_enum=False), default=None)


assert set(TYPES) == {datetime, UUID, bytes, str, int, bool, float}

_ZONES = st.builds(timezone, st.timedeltas(timedelta(hours=-23), timedelta(hours=23)))
# A day off both ends, so that every instant exists in every zone.
_MOMENTS = st.datetimes(
    datetime(1, 1, 2),  # noqa: DTZ001
    datetime(9999, 12, 30),  # noqa: DTZ001
    timezones=_ZONES,
)
# PostgreSQL keeps no zero character in text, and refuses it: see the tests of errors.
_CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
# SQLite keeps no NaN: it takes it for NULL.
_FLOATS = st.floats(allow_nan=False)
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "moment": _MOMENTS,
    "unique_id": st.uuids(),
    "octets": st.binary(max_size=200),
    "large": st.binary(max_size=200),
    "words": st.text(_CHARACTERS, max_size=200),
    "line": st.text(_CHARACTERS, max_size=50),
    "whole": st.integers(-(2**63), 2**63 - 1),
    "small": st.integers(-(2**31), 2**31 - 1),
    "flag": st.booleans(),
    "ratio": _FLOATS,
    "measure": _FLOATS,
    "short_float": _FLOATS,
    "document": _JSON,
    "colour": st.sampled_from(Colour),
    "plain_colour": st.sampled_from(Colour),
}
"""By column the values that it may hold, beside none."""

assert {*VALUES, "id"} == set(Everything.__table__.columns.keys())

FILLED: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {name: st.none() | values for name, values in VALUES.items()}
)
"""Values for all columns but the key."""
