"""Tables that a statement reads and writes."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import Executable, Insert, Table, TextClause, Update
from sqlalchemy.sql import visitors
from sqlalchemy.sql.dml import UpdateBase

from colonnade.rows.metadata import PENDING_WORK
from colonnade.rows.row_tracking import ANY_TABLE


def tables_in(clauses: Iterable[Any]) -> set[str]:
    """Every table that the clauses mention, at any depth."""
    found: set[str] = set()
    for clause in clauses:
        for part in visitors.iterate(clause):
            if isinstance(part, Table):
                found.add(part.name)
            elif isinstance(part, TextClause) and part is clause:
                found.add(ANY_TABLE)
    return found


def tables_written(statement: Executable) -> frozenset[str]:
    """Every table whose rows `statement` may change; a plain-text statement may change any.

    A change hidden in a common table expression of another statement is not seen.
    """
    target = statement.table if isinstance(statement, UpdateBase) else None
    if not isinstance(target, Table):
        return _EVERYTHING
    if isinstance(statement, Update):
        return frozenset((target.name,))
    # An insert too: "or replace" deletes what is in its way.
    return cascaded_tables(target) | {target.name}


@lru_cache(maxsize=1024)
def cascaded_tables(table: Table) -> frozenset[str]:
    """The tables in which the database itself changes rows when rows of `table` are deleted."""
    found: set[str] = set()
    waiting = [table]
    while waiting:
        target = waiting.pop()
        for candidate in table.metadata.tables.values():
            reached = any(
                key.column.table is target and (key.ondelete or "").upper() in _CASCADES
                for key in candidate.foreign_keys
            )
            if reached and candidate.name not in found:
                found.add(candidate.name)
                waiting.append(candidate)
    return frozenset(found)


def work_left(statement: Executable) -> frozenset[str]:
    """Table of the rows that `statement` inserts, where they are work to be done after the
    commit."""
    table = statement.table if isinstance(statement, Insert) else None
    if isinstance(table, Table) and PENDING_WORK in table.info:
        return frozenset((table.name,))
    return frozenset()


_EVERYTHING = frozenset({ANY_TABLE})
_CASCADES = frozenset({"CASCADE", "SET NULL", "SET DEFAULT"})
