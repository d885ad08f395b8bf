"""Dependents: the answers that depend on rows of one tenant's store."""

from collections.abc import Callable, Iterator
from typing import Any

from colonnade.rows.row_tracking import ANY_TABLE, RowSet


def row_name(identity: tuple[Any, ...]) -> str:
    """A primary key as text, so that a number or id names the same row however it was given."""
    return "\x1f".join(map(str, identity))


class _OfTable:
    """The dependents of one table: of single rows by name, and of the table as a whole."""

    __slots__ = ("rows", "whole")

    def __init__(self) -> None:
        self.rows: dict[str, set[Any]] = {}
        self.whole: set[Any] = set()

    def __bool__(self) -> bool:
        return bool(self.rows or self.whole)

    def everyone(self) -> set[Any]:
        found = set(self.whole)
        found.update(*self.rows.values())
        return found


class Dependents:
    """Finds what a change touches in time proportional to the change.

    `sequence` counts changes: who began to read at another count may have read what is gone.
    `changed` says whether another process has committed since it was last asked, where others
    host the service too.
    """

    __slots__ = ("_tables", "changed", "sequence")

    def __init__(self, changed: Callable[[], bool | None] | None = None) -> None:
        self.sequence = 0
        self.changed = changed
        self._tables: dict[str, _OfTable] = {}

    def add(self, item: Any, reads: RowSet) -> None:
        """Remember that `item` was made of `reads`."""
        for table, identity in reads.rows:
            rows = self._of(table).rows
            rows.setdefault(row_name(identity), set()).add(item)
        for table in reads.tables:
            self._of(table).whole.add(item)

    def remove(self, item: Any, reads: RowSet) -> None:
        """Forget what `add` was told."""
        for table, identity in reads.rows:
            self._remove_row(table, row_name(identity), item)
        for table in reads.tables:
            if table in self._tables:
                self._tables[table].whole.discard(item)
                self._tidy(table)

    def touched(self, changed: RowSet) -> set[Any]:
        """Find all answers made of rows in `changed`; see `RowSet.overlaps`."""
        if not changed:
            return set()
        if ANY_TABLE in changed.tables:
            return set().union(*(table.everyone() for table in self._tables.values()))
        return set().union(*self._touched(changed))

    def _touched(self, changed: RowSet) -> Iterator[set[Any]]:
        of_any = self._tables.get(ANY_TABLE)
        if of_any is not None:
            yield of_any.whole
        for name in changed.tables:
            table = self._tables.get(name)
            if table is not None:
                yield table.everyone()
        for name, identity in changed.rows:
            table = self._tables.get(name)
            if table is not None:
                yield table.whole
                yield table.rows.get(row_name(identity), set())

    def _of(self, name: str) -> _OfTable:
        table = self._tables.get(name)
        if table is None:
            table = self._tables[name] = _OfTable()
        return table

    def _remove_row(self, table: str, name: str, item: Any) -> None:
        rows = self._tables[table].rows if table in self._tables else {}
        items = rows.get(name)
        if items is None:
            return
        items.discard(item)
        if not items:
            del rows[name]
            self._tidy(table)

    def _tidy(self, name: str) -> None:
        if not self._tables[name]:
            del self._tables[name]
