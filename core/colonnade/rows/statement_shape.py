"""Shapes of statements: SQL text, how parameters go in and how records come out."""

from collections import namedtuple
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Dialect, Executable, FromClause, Select, Table
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase

from colonnade.rows.converters import Converter, binder, instance_of, loader, tuple_of
from colonnade.rows.metadata import PLACEHOLDER_SCHEMA
from colonnade.rows.row import ROW, Row


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that a statement selects: a column, or all of a row's.

    `load` makes it of a whole record.
    """

    name: str
    row: type[Row] | None
    load: Converter


@dataclass(frozen=True, slots=True)
class Shape:
    """A statement compiled for one dialect.

    `bind` makes the driver's parameters of named values, `record` a plain record of a driver's.
    """

    sql: str
    bind: Callable[..., tuple[Any, ...]]
    parts: tuple[Part, ...]
    record: Converter
    plain: bool
    """True when no part is a whole row."""


def selected(statement: Executable) -> list[tuple[type[Row] | None, str, list[ColumnElement[Any]]]]:
    """The parts that a statement selects: the row class if it is a whole row, a name, columns."""
    if isinstance(statement, Select):
        # The public `selected_columns` does not tell a row from its columns one by one.
        return [part for item in statement._raw_columns for part in _parts(item)]
    if isinstance(statement, UpdateBase):
        return [(None, each.key or "", [each]) for each in statement.exported_columns]
    return []


def compile_shape(
    statement: Executable, dialect: Dialect, *, columns: Sequence[str] | None = None
) -> Shape:
    """Compile a statement; `columns` are those that an INSERT or UPDATE without values takes.

    Raises:
        ValueError: the statement's text depends on its values, as that of `in_` with a list does.
    """
    compiled = compile_statement(statement, dialect, columns)
    if depends_on_values(compiled):
        raise ValueError(
            "The text of this statement depends on its values (a list in `in_`): it cannot be "
            f"prepared; give it to the session as it is. {compiled}"
        )
    return shape_of(statement, compiled, dialect)


def depends_on_values(compiled: SQLCompiler) -> bool:
    """Tell whether the text changes with the values, as that of `in_` with a list does."""
    return bool(compiled.post_compile_params or compiled.literal_execute_params)


def shape_of(
    statement: Executable,
    compiled: SQLCompiler,
    dialect: Dialect,
    given: Sequence[BindParameter[Any]] = (),
) -> Shape:
    """The shape of a compiled statement.

    `given` are those of its parameters whose values each statement of its form brings along:
    `bind` then gets them too, in the same order.
    """
    parts = []
    start = 0
    converters: list[Converter | None] = []
    names: list[str] = []
    for row, name, group in selected(statement):
        loaders = [loader(each.type, dialect) for each in group]
        parts.append(_loading(row, name, group, loaders, start))
        converters += loaders
        names += [each.key or "" for each in group]
        start += len(group)
    return Shape(
        sql=compiled.string,
        bind=_binding(compiled, dialect, given),
        parts=tuple(parts),
        record=_record(names, converters),
        plain=all(part.row is None for part in parts),
    )


def compile_statement(
    statement: Executable, dialect: Dialect, columns: Sequence[str] | None = None
) -> SQLCompiler:
    """Compile a statement, leaving a place for the tenant's schema where databases have one."""
    # SQLite's file is the tenant; our dialect for it renders the placeholder as none.
    mapped = None if dialect.name == "sqlite" else {PLACEHOLDER_SCHEMA: PLACEHOLDER_SCHEMA}
    compiled: SQLCompiler = statement.compile(  # type: ignore[attr-defined]
        dialect=dialect,
        column_keys=None if columns is None else list(columns),
        schema_translate_map=mapped,
    )
    return compiled


def _parts(item: Any) -> list[tuple[type[Row] | None, str, list[ColumnElement[Any]]]]:
    row = item.info.get(ROW) if isinstance(item, Table) else None
    if row is not None:
        return [(row, row.__name__, list(item.columns))]
    columns = item.columns if isinstance(item, FromClause) else [item]
    return [(None, getattr(each, "key", None) or "", [each]) for each in columns]


def _loading(
    row: type[Row] | None,
    name: str,
    group: Sequence[ColumnElement[Any]],
    loaders: Sequence[Converter | None],
    start: int,
) -> Part:
    if row is not None:
        names = [each.key or "" for each in group]
        return Part(name, row, instance_of(row, names, loaders, start))
    first = loaders[0]
    if first is None:
        return Part(name, None, lambda record: record[start])
    return Part(name, None, lambda record: first(record[start]))


def _binding(
    compiled: SQLCompiler, dialect: Dialect, given: Sequence[BindParameter[Any]]
) -> Callable[..., tuple[Any, ...]]:
    places = {parameter.key: place for place, parameter in enumerate(given)}
    expressions: list[tuple[str, Converter | None]] = []
    constants: dict[str, Any] = {}
    for name in compiled.positiontup or []:
        parameter = compiled.binds[name]
        convert = binder(parameter.type, dialect)
        if parameter.required:
            expressions.append((f"p[{parameter.key!r}]", convert))
        elif parameter.key in places:
            expressions.append((f"g[{places[parameter.key]}].effective_value", convert))
        else:
            value = parameter.effective_value
            constants[name] = convert(value) if convert else value
            expressions.append((f"constants[{name!r}]", None))
    return tuple_of(expressions, "p, g=()", constants=constants)


def _record(names: Sequence[str], converters: Sequence[Converter | None]) -> Converter:
    values = [(f"r[{i}]", one) for i, one in enumerate(converters)]
    plain = tuple_of(values, "r")
    if len(set(names)) < len(names) or not all(name.isidentifier() for name in names):
        return plain
    record: Any = namedtuple("Record", names, rename=True)  # type: ignore[misc]
    return tuple_of(values, "r", wrapped=partial(tuple.__new__, record))
