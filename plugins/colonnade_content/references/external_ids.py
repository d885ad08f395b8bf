"""Comparing texts alike in every database."""

from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import InstrumentedAttribute


def begins_with(column: InstrumentedAttribute[str | None], prefix: str) -> ColumnElement[bool]:
    """Whether a text begins with `prefix`; upper and lower case differ, whatever the database."""
    return func.substr(column, 1, len(prefix)) == prefix
