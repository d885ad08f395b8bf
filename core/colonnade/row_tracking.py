"""Row tracking: rows that a unit of work reads and changes, so that cached answers are dropped.

Reading one row by its primary key depends on that row alone. Anything else depends on whole
tables, and so does every change that does not name its rows: too much is dropped, never too
little.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import Executable, Table, TextClause, Update
from sqlalchemy.orm import Mapper
from sqlalchemy.sql import visitors
from sqlalchemy.sql.dml import UpdateBase

RowKey: TypeAlias = tuple[str, tuple[Any, ...]]
"""A row: the name of its table and its primary key."""

ANY_TABLE = "*"
"""Stands for every table of a tenant's store: a statement in plain text can touch any of them."""


@dataclass(slots=True)
class RowSet:
    """Rows of one tenant's store, one by one or by whole tables.

    `foreign` says that something outside the store was read as well, which no change of rows
    will tell of.
    """

    rows: set[RowKey] = field(default_factory=set)
    tables: set[str] = field(default_factory=set)
    foreign: bool = False

    def __bool__(self) -> bool:
        return bool(self.rows or self.tables)

    def update(self, other: "RowSet") -> None:
        """Add everything in `other`."""
        self.rows |= other.rows
        self.tables |= other.tables
        self.foreign |= other.foreign

    def overlaps(self, other: "RowSet") -> bool:
        """Tell whether a row may be in both."""
        if ANY_TABLE in self.tables or ANY_TABLE in other.tables:
            return bool(self) and bool(other)
        if self.rows & other.rows or self.tables & other.tables:
            return True
        return any(table in other.tables for table, _ in self.rows) or any(
            table in self.tables for table, _ in other.rows
        )


_reads: ContextVar[RowSet | None] = ContextVar("colonnade_reads", default=None)


@contextmanager
def track_reads() -> Iterator[RowSet]:
    """Collect what every read within the block depends on."""
    reads = RowSet()
    token = _reads.set(reads)
    try:
        yield reads
    finally:
        _reads.reset(token)


def tracked_reads() -> RowSet | None:
    """Collector of this call's reads; None when nobody wants to know."""
    return _reads.get()


def row_key(mapper: Mapper[Any], identity: Any) -> RowKey:
    """The key of a row named the way `Session.get` takes it: a value, a tuple or a dictionary."""
    if isinstance(identity, dict):
        columns = mapper.primary_key
        identity = tuple(identity[mapper.get_property_by_column(c).key] for c in columns)
    elif not isinstance(identity, tuple | list):
        identity = (identity,)
    return (table_name(mapper), tuple(identity))


@lru_cache(maxsize=1024)
def table_name(mapper: Mapper[Any]) -> str:
    """The name of the table that holds a mapped class's identity."""
    table = mapper.base_mapper.local_table
    return table.name if isinstance(table, Table) else ANY_TABLE


@lru_cache(maxsize=1024)
def eager_tables(mapper: Mapper[Any]) -> frozenset[str]:
    """The tables that loading one row of `mapper` joins beside its own."""
    # A row found in the identity map is not queried for, and its joined rows are read all the same:
    # what the mapping declares is noted, not what a statement happens to say.
    found: set[str] = set()
    _add_eager(mapper, found, set())
    return frozenset(found)


def _add_eager(mapper: Mapper[Any], found: set[str], seen: set[Mapper[Any]]) -> None:
    if mapper in seen:
        return
    seen.add(mapper)
    for relationship in mapper.relationships:
        if relationship.lazy in ("joined", False):
            found.add(table_name(relationship.mapper))
            if relationship.secondary is not None:
                found |= tables_in([relationship.secondary])
            _add_eager(relationship.mapper, found, seen)


@lru_cache(maxsize=1024)
def association_tables(mapper: Mapper[Any]) -> frozenset[str]:
    """The many-to-many tables that a flush may write on behalf of a row of `mapper`."""
    secondaries = [relationship.secondary for relationship in mapper.relationships]
    return frozenset(tables_in(table for table in secondaries if table is not None))


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
    # `ON DELETE` is done beneath the ORM, which hears of it only where a relationship is mapped.
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


_EVERYTHING = frozenset({ANY_TABLE})
_CASCADES = frozenset({"CASCADE", "SET NULL", "SET DEFAULT"})
