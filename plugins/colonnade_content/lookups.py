"""Finding rows by id, and saying the same whether a thing is absent or hidden."""

from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import InstrumentedAttribute

from colonnade.errors import NotFound
from colonnade.operations import Call
from colonnade.policy import ResourceType
from colonnade.store import Session

RowT = TypeVar("RowT")


def permitted(
    session: Session, call: Call, resource_type: ResourceType, model: type[RowT], row_id: UUID
) -> RowT:
    """The row of this id, if the call may do what it asks with it.

    Raises:
        NotFound: there is none, or none that the caller may read.
        Forbidden: the caller may read it, and no more.
    """
    row = session.get(model, row_id)
    if row is None:
        call.applied = True
        raise NotFound(f"There is no such {resource_type.name}, or none that you may see.")
    call.require(session, resource_type, row)
    return row


def begins_with(column: InstrumentedAttribute[str | None], prefix: str) -> ColumnElement[bool]:
    """Whether a text begins with `prefix`; upper and lower case differ, whatever the database."""
    return func.substr(column, 1, len(prefix)) == prefix
