"""Row tracking: rows that a unit of work reads and changes, so that cached answers are dropped.

Reading one row by its primary key depends on that row alone. Anything else depends on whole
tables, and so does every change that does not name its rows: too much is dropped, never too
little.
"""

from collections.abc import Iterator, Set
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeAlias

RowKey: TypeAlias = tuple[str, tuple[Any, ...]]
"""A row: the name of its table and its primary key."""

Left: TypeAlias = Set[RowKey | str]
"""Work that a commit leaves: rows where they are known, else the names of their tables."""

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
