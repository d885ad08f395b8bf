"""Writing of what a unit of work changed: parents before children, then updates, then deletes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, cast

import msgspec
from sqlalchemy import MetaData

from colonnade.errors import InternalError
from colonnade.rows.driver import Driver
from colonnade.rows.errors import StaleRow
from colonnade.rows.known_rows import ChangedRow, KnownRows
from colonnade.rows.row import Row, Timestamped, Versioned
from colonnade.rows.row_statements import RowStatements, statements_of

set_column = msgspec.Struct.__setattr__
"""Sets a column without noting a change: what the database has already."""


@dataclass(frozen=True, slots=True)
class WrittenRow:
    """A row that was written; `deleted` says how."""

    row: Row
    statements: RowStatements
    deleted: bool = False


def write_all(rows: KnownRows, driver: Driver, now: datetime) -> list[WrittenRow]:
    """Write everything that is pending, and answer the rows that were written.

    Raises:
        ConstraintViolated: the database refuses a row.
        StaleRow: somebody else changed or deleted a row since it was read.
    """
    written = _insert_all(rows, driver)
    rows.new.clear()
    for changed in list(rows.changed.values()):
        statements = statements_of(type(changed.row), driver.dialect)
        if _update(changed, statements, driver, now):
            written.append(WrittenRow(changed.row, statements))
    rows.changed.clear()
    # Children before parents, in the reverse of how rows are inserted.
    for row in reversed(_by_parents(list(rows.deleted.values()))):
        statements = statements_of(type(row), driver.dialect)
        _delete(row, statements, driver)
        written.append(WrittenRow(row, statements, deleted=True))
        rows.forget((type(row), statements.key(row)))
    rows.deleted.clear()
    return written


def stamp(row: Row, now: datetime) -> None:
    """Fill in the times of a row that is to be inserted."""
    if isinstance(row, Timestamped):
        if cast("Any", row.created_at) is msgspec.UNSET:
            set_column(row, "created_at", now)
        set_column(row, "updated_at", now)


def _insert_all(rows: KnownRows, driver: Driver) -> list[WrittenRow]:
    written = []
    for kind, group in groupby(_by_parents(list(rows.new.values())), key=type):
        statements = statements_of(kind, driver.dialect)
        new = list(group)
        if statements.generated:
            for row in new:
                before = (kind, statements.key(row))
                _insert_generated(row, statements, driver)
                rows.identify(before, (kind, statements.key(row)), row)
        else:
            sql, bind = statements.insert(statements.all_names)
            if len(new) == 1:
                driver.execute(sql, bind(new[0]))
            else:
                driver.execute_many(sql, [bind(row) for row in new])
        written += [WrittenRow(row, statements) for row in new]
    return written


def _insert_generated(row: Row, statements: RowStatements, driver: Driver) -> None:
    missing = [name for name in statements.generated if getattr(row, name) is msgspec.UNSET]
    names = tuple(name for name in statements.all_names if name not in missing)
    sql, bind = statements.insert(names, returning=tuple(missing))
    if not missing:
        driver.execute(sql, bind(row))
        return
    [values] = driver.fetch(sql, bind(row))
    for name, value in zip(missing, values, strict=True):
        set_column(row, name, value)


def _update(changed: ChangedRow, statements: RowStatements, driver: Driver, now: datetime) -> bool:
    row = changed.row
    names = changed.names()
    if not names:
        return False
    if not names.isdisjoint(statements.names):
        raise InternalError(f"The primary key of {row!r} was changed; insert another row instead.")
    if isinstance(row, Timestamped):
        set_column(row, "updated_at", now)
        names.add("updated_at")
    sql, bind = statements.update(tuple(sorted(names - {"version"})))
    if driver.execute(sql, bind(row)) != 1:
        raise StaleRow(f"{row!r} was changed or deleted by somebody else.")
    if isinstance(row, Versioned):
        set_column(row, "version", row.version + 1)
    return True


def _delete(row: Row, statements: RowStatements, driver: Driver) -> None:
    sql, bind = statements.delete
    if driver.execute(sql, bind(row)) != 1 and statements.versioned:
        raise StaleRow(f"{row!r} was changed or deleted by somebody else.")


def _by_parents(rows: Sequence[Row]) -> list[Row]:
    kinds = {type(row) for row in rows}
    if len(kinds) < 2:
        return list(rows)
    orders = {kind: _order(kind) for kind in kinds}
    return sorted(rows, key=lambda row: orders[type(row)])


def _order(kind: type[Row]) -> int:
    known = _orders.get(kind)
    if known is None:
        metadata: MetaData = kind.metadata
        for number, table in enumerate(metadata.sorted_tables):
            if (row := table.info.get("row")) is not None:
                _orders[row] = number
        known = _orders[kind]
    return known


_orders: dict[type[Row], int] = {}
"""By row class its place among its metadata's tables, parents first."""
