"""Upserts: insert a row, or change the one with its key, alike on every database."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Table
from sqlalchemy.dialects import postgresql, sqlite

from colonnade.rows import Prepared, Row, prepare, table_of
from colonnade.store import Session


def add_up(session: Session, model: type[Row], *rows: Mapping[str, Any]) -> None:
    """Insert each of `rows`, or add its values, beside the key, to those of the row with its
    key."""
    session.execute(_adding(model, session.dialect.name), rows)


def merge_bits(session: Session, model: type[Row], row: Mapping[str, Any], column: str) -> None:
    """Insert `row`, or set the bits of its `column` in the row with its key too."""
    session.execute(_merging(model, session.dialect.name, column), dict(row))


def insert_new(session: Session, model: type[Row], rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert the rows whose key is not there yet; answers how many these are."""
    return session.execute(_adding_new(model, session.dialect.name), list(rows)).rowcount


def _insert(model: type[Row], dialect: str) -> Any:
    table = table_of(model)
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


@cache
def _adding(model: type[Row], dialect: str) -> Prepared[()]:
    statement = _insert(model, dialect)
    table = table_of(model)
    values: dict[str, ColumnElement[Any]] = {
        column.name: column + statement.excluded[column.name]
        for column in table.columns
        if not column.primary_key
    }
    return _upsert(statement, table, values)


@cache
def _merging(model: type[Row], dialect: str, column: str) -> Prepared[()]:
    statement = _insert(model, dialect)
    table = table_of(model)
    values = {column: table.c[column].bitwise_or(statement.excluded[column])}
    return _upsert(statement, table, values)


@cache
def _adding_new(model: type[Row], dialect: str) -> Prepared[()]:
    statement = _insert(model, dialect).on_conflict_do_nothing()
    return prepare(statement, columns=tuple(table_of(model).columns.keys()))


def _upsert(statement: Any, table: Table, values: Mapping[str, Any]) -> Prepared[()]:
    keys = list(table.primary_key)
    changing = statement.on_conflict_do_update(index_elements=keys, set_=values)
    return prepare(changing, columns=tuple(table.columns.keys()))
