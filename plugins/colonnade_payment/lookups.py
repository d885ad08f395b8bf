"""Finding rows by id, and saying the same whether a thing is absent or hidden."""

from typing import TypeVar
from uuid import UUID

from colonnade.errors import NotFound
from colonnade.operations import Call
from colonnade.policy import ResourceType
from colonnade.store import Session

RowT = TypeVar("RowT")


def absent(name: str) -> NotFound:
    """The error for a thing that is not there; the words are those for one that is hidden."""
    return NotFound(f"There is no such {name}, or none that you may see.")


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
        raise absent(resource_type.name)
    call.require(session, resource_type, row)
    return row
