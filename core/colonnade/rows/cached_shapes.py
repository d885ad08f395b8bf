"""Shapes of statements that are built anew every time: compiled once for each form of statement.

SQLAlchemy tells statements of one form apart from their values (its cache key). What is compiled
for one serves all of that form, with the values of each.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import BindParameter, Delete, Dialect, Select, Update
from sqlalchemy.sql.compiler import SQLCompiler

from colonnade.rows.converters import Converter, binder, tuple_of
from colonnade.rows.statement_shape import (
    Shape,
    compile_statement,
    depends_on_values,
    is_named,
    shape_of,
)

MAXIMUM = 1_000
"""Forms of statements that are kept; then all are forgotten, and compiled again when needed."""

Bound: TypeAlias = tuple[Shape, tuple[Any, ...]]
"""A shape, and the parameters of one statement of its form."""


def bound_shape(statement: Any, dialect: Dialect, values: Mapping[str, Any]) -> Bound | None:
    """The shape of a SELECT, UPDATE or DELETE with its parameters; nothing for what has none.

    A statement has none when its text depends on its values, as that of `in_` with a list does.
    """
    if not isinstance(statement, Select | Update | Delete):
        return None
    form = statement._generate_cache_key()
    if form is None:
        return None
    key = (dialect.name, form.key)
    if key in _shapes:
        shape = _shapes[key]
    else:
        if len(_shapes) >= MAXIMUM:
            _shapes.clear()
        shape = _shapes[key] = _compiled(statement, form.bindparams, dialect)
    return None if shape is None else (shape, shape.bind(form.bindparams, values))


_shapes: dict[Any, Shape | None] = {}


def _compiled(
    statement: Select[Any] | Update | Delete,
    given: Sequence[BindParameter[Any]],
    dialect: Dialect,
) -> Shape | None:
    compiled = compile_statement(statement, dialect)
    if depends_on_values(compiled):
        return None
    return shape_of(statement, compiled, _binding(compiled, given, dialect), dialect)


def _binding(
    compiled: SQLCompiler, given: Sequence[BindParameter[Any]], dialect: Dialect
) -> Converter:
    places = {parameter.key: place for place, parameter in enumerate(given)}
    expressions: list[tuple[str, Converter | None]] = []
    constants: dict[str, Any] = {}
    for name in compiled.positiontup or []:
        parameter = compiled.binds[name]
        convert = binder(parameter.type, dialect)
        if is_named(parameter):
            expressions.append((f"p[{parameter.key!r}]", convert))
        elif parameter.key in places:
            expressions.append((f"g[{places[parameter.key]}].effective_value", convert))
        else:
            value = parameter.effective_value
            constants[name] = convert(value) if convert else value
            expressions.append((f"constants[{name!r}]", None))
    return tuple_of(expressions, "g, p", constants=constants)
