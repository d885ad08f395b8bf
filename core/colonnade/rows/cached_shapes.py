"""Shapes of statements that are built anew every time: compiled once for each form of statement.

SQLAlchemy tells statements of one form apart from their values (its cache key). What is compiled
for one serves all of that form, with the values of each.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import BindParameter, Delete, Dialect, Select, Update

from colonnade.rows.statement_shape import (
    Shape,
    compile_statement,
    depends_on_values,
    shape_of,
)

MAXIMUM = 1_000
"""Forms of statements that are kept; then all are forgotten, and compiled again when needed."""

Bound: TypeAlias = tuple[Shape, tuple[Any, ...]]
"""A shape, and the parameters of one statement of its form."""

Given: TypeAlias = tuple[Shape, Sequence[BindParameter[Any]]]
"""A shape, and the values that one statement of its form brings along."""


def bound_shape(statement: Any, dialect: Dialect, values: Mapping[str, Any]) -> Bound | None:
    """The shape of a SELECT, UPDATE or DELETE with its parameters; nothing for what has none.

    A statement has none when its text depends on its values, as that of `in_` with a list does.
    """
    found = cached_shape(statement, dialect)
    return None if found is None else (found[0], found[0].bind(values, found[1]))


def cached_shape(statement: Any, dialect: Dialect) -> Given | None:
    """The shape of a SELECT, UPDATE or DELETE with what its own values are; see `bound_shape`."""
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
    return None if shape is None else (shape, form.bindparams)


_shapes: dict[Any, Shape | None] = {}


def _compiled(
    statement: Select[Any] | Update | Delete,
    given: Sequence[BindParameter[Any]],
    dialect: Dialect,
) -> Shape | None:
    compiled = compile_statement(statement, dialect)
    if depends_on_values(compiled):
        return None
    return shape_of(statement, compiled, dialect, given)
