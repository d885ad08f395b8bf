"""Allowances: limits on the changes that one person may make by an operation in a day.

An operation says so with `per_day`. The use is counted in the transaction of what it changed, so
what is refused or changes nothing costs none, and a person's rows, events and mails of one day are
bounded by the sum of what their operations may leave behind.
"""

import math
from datetime import UTC, datetime, timedelta
from functools import cache

from sqlalchemy import Index, Integer, String, bindparam, case, delete, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from colonnade.errors import TooManyRequests
from colonnade.rows import Column, Prepared, column, prepare, table_of
from colonnade.store import Session
from colonnade.tables import PlatformBase

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)

PRUNED_AT_ONCE = 20
"""Rows of earlier days that go when somebody's first use of a day is counted: more than come."""


class AllowanceRow(PlatformBase):
    """Uses of an operation by one person on a day, counted in days since 1970, UTC."""

    __tablename__ = "colonnade_allowances"
    __table_args__ = (Index("ix_colonnade_allowances_day", "day"),)

    principal: Column[str] = column(String(200), primary_key=True)
    subject: Column[str] = column(String(200), primary_key=True)
    day: Column[int] = column(Integer)
    uses: Column[int] = column(Integer)


_EARLIER = prepare(
    select(AllowanceRow.principal, AllowanceRow.subject)
    .where(AllowanceRow.day < bindparam("day"))
    .limit(PRUNED_AT_ONCE)
)


def day_of(moment: datetime) -> int:
    """The UTC day of a moment, counted from 1970."""
    return (moment - _EPOCH) // _DAY


def use(session: Session, principal: str, subject: str, per_day: int) -> None:
    """Count one use in this transaction.

    Raises:
        TooManyRequests: it is one more than `per_day`; with `Retry-After`, the end of the day.
    """
    day = day_of(session.now)
    row = {"principal": principal, "subject": subject, "day": day, "uses": 1}
    statement = _counting(session.dialect.name)
    uses = session.execute(statement, row).scalar_one()
    if uses == 1:
        _forget_earlier(session, day)
    if uses > per_day:
        raise used_up(session.now, f"This may be done {per_day} times a day")


def used_up(now: datetime, sentence: str) -> TooManyRequests:
    """The refusal of whoever has used up a day's allowance; `sentence` says of what, without its
    full stop."""
    seconds = seconds_left(now)
    return TooManyRequests(
        f"{sentence}; the next day begins at midnight UTC, in {seconds} s.",
        details={"retry_after": seconds},
        headers={"Retry-After": str(seconds)},
    )


def seconds_left(now: datetime) -> int:
    """Seconds until the UTC day ends, at least one."""
    return max(1, math.ceil((_EPOCH + (day_of(now) + 1) * _DAY - now).total_seconds()))


@cache
def _counting(dialect: str) -> Prepared[int]:
    table = table_of(AllowanceRow)
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(table)
    same_day = table.c.day == statement.excluded.day
    changes = {
        "uses": case((same_day, table.c.uses + 1), else_=1),
        "day": statement.excluded.day,
    }
    keys = list(table.primary_key)
    counting = statement.on_conflict_do_update(index_elements=keys, set_=changes)
    return prepare(counting.returning(table.c.uses), columns=tuple(table.columns.keys()))


def _forget_earlier(session: Session, day: int) -> None:
    """Delete the uses of earlier days."""
    found = session.execute(_EARLIER, {"day": day})
    if found:
        key = tuple_(AllowanceRow.principal, AllowanceRow.subject)
        session.execute(delete(AllowanceRow).where(key.in_([tuple(row) for row in found])))
