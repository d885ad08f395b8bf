"""Rows that a unit of work knows: read, added, changed and deleted, each once."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from colonnade.errors import InternalError
from colonnade.rows.row import Row
from colonnade.rows.row_tracking import ANY_TABLE

_NONE: dict[tuple[Any, ...], Row] = {}

Identity: TypeAlias = tuple[type[Row], tuple[Any, ...]]
"""A row class and the values of a primary key."""


@dataclass(slots=True)
class ChangedRow:
    """A row that was read, and what its changed columns were before."""

    row: Row
    before: dict[str, Any] = field(default_factory=dict)

    def names(self) -> set[str]:
        """Columns whose value is another one than before."""
        return {name for name, old in self.before.items() if getattr(self.row, name) != old}


class _Forgotten:
    """Owner of rows that were deleted, or written past the object that was read."""

    def before_change(self, row: Row, name: str) -> None:
        raise InternalError(
            f"'{name}' of {row!r} is set after it was deleted or upserted: nothing would be "
            "written. Get the row again."
        )


_FORGOTTEN = _Forgotten()


class KnownRows:
    """One object for each row, however often it is found, and what is to be written of it."""

    def __init__(self) -> None:
        self.new: dict[int, Row] = {}
        self.changed: dict[int, ChangedRow] = {}
        self.deleted: dict[int, Row] = {}
        self._rows: dict[type[Row], dict[tuple[Any, ...], Row]] = {}
        self._over = False

    @property
    def is_clean(self) -> bool:
        """True when nothing is to be written."""
        return not (self.new or self.changed or self.deleted)

    def find(self, identity: Identity) -> Row | None:
        """The row that is known by this identity, unless it was deleted."""
        kind, key = identity
        row = self._rows.get(kind, _NONE).get(key)
        return None if row is None or id(row) in self.deleted else row

    def adopt(self, identity: Identity, row: Row) -> Row:
        """The row known by this identity: one read before, with its changes, or else `row`."""
        kind, key = identity
        known = self._rows.setdefault(kind, {}).setdefault(key, row)
        if known is row:
            row.__dict__["owner"] = self
        return known

    def add(self, identity: Identity, row: Row) -> None:
        """Take a row that is to be inserted."""
        kind, key = identity
        known = self._rows.setdefault(kind, {})
        if row.__dict__.get("owner") is self and known.get(key) is row:
            return
        known[key] = row
        row.__dict__["owner"] = self
        self.new[id(row)] = row

    def identify(self, before: Identity, identity: Identity, row: Row) -> None:
        """Know an inserted row by the key that the database has given it."""
        kind, key = before
        known = self._rows[kind]
        known.pop(key, None)
        known[identity[1]] = row
        row.__dict__["owner"] = self

    def delete(self, identity: Identity, row: Row) -> None:
        """Take a row that is to be deleted; one that was only added is forgotten."""
        self.changed.pop(id(row), None)
        if self.new.pop(id(row), None) is not None:
            self.forget(identity)
            return
        self.deleted[id(row)] = row

    def forget(self, identity: Identity) -> None:
        """Drop a row; the next look for it goes to the database."""
        kind, key = identity
        row = self._rows.get(kind, {}).pop(key, None)
        if row is not None:
            self.changed.pop(id(row), None)
            self.let_go(row)

    def let_go(self, row: Row) -> None:
        """Refuse changes of an object that nobody would write."""
        row.__dict__["owner"] = _FORGOTTEN

    def forget_tables(self, tables: Collection[str]) -> None:
        """Drop the rows of tables that a statement has written to."""
        if not self._rows:
            return
        written = [kind for kind in self._rows if kind.__table__.name in tables]
        for kind in list(self._rows) if ANY_TABLE in tables else written:
            del self._rows[kind]

    def before_change(self, row: Row, name: str) -> None:
        """Note what a column was before its first change; see `Owner`.

        Raises:
            InternalError: the unit of work is over, or a savepoint that the row was known in was
                rolled back.
        """
        if self._over:
            raise InternalError(
                f"'{name}' of {row!r} is set after the unit of work that read it: nothing would "
                "be written. Change rows within the unit of work."
            )
        if id(row) in self.new:
            return
        changed = self.changed.get(id(row))
        if changed is None:
            changed = self.changed[id(row)] = ChangedRow(row)
        changed.before.setdefault(name, getattr(row, name))

    def end(self) -> None:
        """Let go of every row; from now on none of them can be changed."""
        self._over = True
        for each in (self.new, self.changed, self.deleted, self._rows):
            each.clear()
