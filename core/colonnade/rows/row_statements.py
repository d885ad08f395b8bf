"""Statements on single rows: by primary key, insert, update, upsert and delete."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, TypeAlias

from sqlalchemy import BindParameter, ColumnElement, Dialect, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase

from colonnade.rows.converters import Converter, binder, tuple_of
from colonnade.rows.metadata import TRACKED
from colonnade.rows.reached_tables import cascaded_tables
from colonnade.rows.row import Row, Versioned, key_names
from colonnade.rows.statement_shape import Shape, compile_shape, compile_statement

RowStatement: TypeAlias = tuple[str, Callable[[Row], tuple[Any, ...]]]
"""SQL, and the function that makes its parameters of a row."""

_KEY = "key_"
_NEW = "new_"
assert len(_KEY) == len(_NEW)


class RowStatements:
    """The statements of one row class for one dialect, each compiled when it is first needed."""

    def __init__(self, row: type[Row], dialect: Dialect) -> None:
        self.row = row
        self.table = row.__table__
        self.names = key_names(row)
        self.all_names = tuple(self.table.columns.keys())
        self.generated = tuple(
            each.name for each in self.table.columns if each.autoincrement is True
        )
        self.versioned = issubclass(row, Versioned)
        self.tracked = bool(self.table.metadata.info.get(TRACKED, True))
        self.locks = dialect.name != "sqlite"
        self._dialect = dialect
        self._updates: dict[tuple[str, ...], RowStatement] = {}
        self._inserts: dict[tuple[tuple[str, ...], tuple[str, ...]], RowStatement] = {}
        self.bind_key: Callable[[tuple[Any, ...]], tuple[Any, ...]] = tuple_of(
            [
                (f"k[{i}]", binder(self.table.c[name].type, dialect))
                for i, name in enumerate(self.names)
            ],
            "k",
        )
        self.key: Callable[[Row], tuple[Any, ...]] = tuple_of(
            [(f"r.{name}", None) for name in self.names], "r"
        )

    @cached_property
    def by_key(self) -> Shape:
        """Selects the row of a primary key."""
        return compile_shape(select(self.row).where(*self._has_key()), self._dialect)

    @cached_property
    def locked_by_key(self) -> Shape:
        """Selects the row of a primary key and locks it, where the database locks rows."""
        statement = select(self.row).where(*self._has_key()).with_for_update()
        return compile_shape(statement, self._dialect)

    @cached_property
    def cascades(self) -> frozenset[str]:
        """Tables in which the database changes rows itself when one of these is deleted."""
        return cascaded_tables(self.table)

    @cached_property
    def delete(self) -> RowStatement:
        """Deletes a row, of the version that was read."""
        return self._on_row(delete(self.table).where(*self._is_row()))

    @cached_property
    def upsert(self) -> RowStatement:
        """Inserts a row, or gives all of its values to the one with its key."""
        kind = postgresql if self._dialect.name == "postgresql" else sqlite
        statement = kind.insert(self.table)
        # When a row was made stays as it is.
        others = [
            each
            for each in self.table.columns
            if not each.primary_key and each.name != "created_at"
        ]
        key = list(self.table.primary_key.columns)
        if not others:
            return self._on_row(
                statement.on_conflict_do_nothing(index_elements=key), self.all_names
            )
        values = {each.name: statement.excluded[each.name] for each in others}
        if self.versioned:
            values["version"] = self.table.c.version + 1
        changing = statement.on_conflict_do_update(index_elements=key, set_=values)
        return self._on_row(changing, self.all_names)

    def insert(self, names: tuple[str, ...], returning: tuple[str, ...] = ()) -> RowStatement:
        """Inserts a row with these of its columns, and answers those that the database made."""
        known = self._inserts.get((names, returning))
        if known is None:
            statement = self.table.insert()
            if returning:
                statement = statement.returning(*(self.table.c[name] for name in returning))
            known = self._inserts[names, returning] = self._on_row(statement, names)
        return known

    def update(self, names: tuple[str, ...]) -> RowStatement:
        """Updates these columns of a row, of the version that was read, and counts the version."""
        known = self._updates.get(names)
        if known is None:
            values: dict[str, Any] = {name: self._new(name) for name in names}
            if self.versioned:
                values["version"] = self.table.c.version + 1
            statement = update(self.table).where(*self._is_row()).values(values)
            known = self._updates[names] = self._on_row(statement)
        return known

    def _has_key(self) -> list[ColumnElement[bool]]:
        return [each == self._named(_KEY, each.key) for each in self.table.primary_key.columns]

    def _is_row(self) -> list[ColumnElement[bool]]:
        conditions = self._has_key()
        if self.versioned:
            conditions.append(self.table.c.version == self._named(_KEY, "version"))
        return conditions

    def _new(self, name: str) -> BindParameter[Any]:
        return self._named(_NEW, name)

    def _named(self, prefix: str, name: str) -> BindParameter[Any]:
        return bindparam(f"{prefix}{name}", type_=self.table.c[name].type)

    def _on_row(self, statement: UpdateBase, columns: Sequence[str] | None = None) -> RowStatement:
        compiled: Any = compile_statement(statement, self._dialect, columns)
        # An INSERT names its parameters as the columns are named, other statements do it here.
        start = len(_KEY) if columns is None else 0
        expressions = [self._value(compiled, name, start) for name in compiled.positiontup or []]
        constants = {name: each.effective_value for name, each in compiled.binds.items()}
        return (compiled.string, tuple_of(expressions, "r", constants=constants))

    def _value(self, compiled: SQLCompiler, name: str, start: int) -> tuple[str, Converter | None]:
        parameter = compiled.binds[name]
        if parameter.unique:
            return (f"constants[{name!r}]", None)
        return (f"r.{name[start:]}", binder(parameter.type, self._dialect))


_known: dict[tuple[type[Row], str], RowStatements] = {}


def statements_of(row: type[Row], dialect: Dialect) -> RowStatements:
    """The statements of a row class; made once for each dialect."""
    known = _known.get((row, dialect.name))
    if known is None:
        known = _known[row, dialect.name] = RowStatements(row, dialect)
    return known
