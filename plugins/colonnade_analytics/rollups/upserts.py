"""Upserts: insert a row, or change the one with its key, alike on every database."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase

from colonnade.store import Session


def add_up(session: Session, model: type[DeclarativeBase], row: Mapping[str, Any]) -> None:
    """Insert `row`, or add its values, beside the key, to those of the row with its key."""
    session.execute(_adding(model, _dialect(session)), dict(row))


def merge_bits(
    session: Session, model: type[DeclarativeBase], row: Mapping[str, Any], column: str
) -> None:
    """Insert `row`, or set the bits of its `column` in the row with its key too."""
    session.execute(_merging(model, _dialect(session), column), dict(row))


def insert_new(
    session: Session, model: type[DeclarativeBase], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert the rows whose key is not there yet."""
    statement = _insert(model, _dialect(session)).on_conflict_do_nothing()
    session.execute(statement, list(rows))


def _dialect(session: Session) -> str:
    return session.get_bind().dialect.name


def _insert(model: type[DeclarativeBase], dialect: str) -> Any:
    table = _table(model)
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


@cache
def _adding(model: type[DeclarativeBase], dialect: str) -> Any:
    statement = _insert(model, dialect)
    table = _table(model)
    values: dict[str, ColumnElement[Any]] = {
        column.name: column + statement.excluded[column.name]
        for column in table.columns
        if not column.primary_key
    }
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=values)


@cache
def _merging(model: type[DeclarativeBase], dialect: str, column: str) -> Any:
    statement = _insert(model, dialect)
    table = _table(model)
    values = {column: table.c[column].bitwise_or(statement.excluded[column])}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=values)


def _table(model: type[DeclarativeBase]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table
